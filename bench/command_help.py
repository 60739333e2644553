"""What `fcv --version` and the help of every command take, beside `python -c "import click, json"`.

Processor time of whole processes, side by side: each command is asked between two runs of the yardstick.
`python -m bench.command_help` prints each ratio, and ends with 1 where one command takes more than five times as much.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

import click

from fcv_api.cli import main as fcv

YARDSTICK = ["-c", "import click, json"]
MOST = 5.0


def paths(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the words of each command and group."""
    yield before
    for name, command in group.commands.items():
        yield from paths(command, (*before, name)) if isinstance(command, click.Group) else [(*before, name)]


def seconds(*arguments: str) -> float:
    """Return the processor time of one run of this Python."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def ratio(*arguments: str) -> float:
    """Return how much one command takes beside the yardstick."""
    before, own, after = seconds(*YARDSTICK), seconds("-m", "fcv_api.cli", *arguments), seconds(*YARDSTICK)
    return own / ((before + after) / 2)


def measure() -> dict[str, float]:
    """Return the ratio of each."""
    asked = [("--version",), *((*path, "--help") for path in paths(fcv))]
    return {" ".join(each): ratio(*each) for each in asked}


def main() -> None:
    """Print the ratios, the largest last."""
    found = sorted(measure().items(), key=lambda item: item[1])
    for name, times in found:
        print(f"{times:6.2f}  fcv {name}")
    print(f"median {median(times for _, times in found):.2f}, most {found[-1][1]:.2f} of {len(found)}")
    if found[-1][1] > MOST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
