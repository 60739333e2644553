"""Install with pip: `python deploy/pip_install.py OPTION ...`, where the options are those of `pip install`.

What is fetched is told package by package. What stops it is told in a sentence with what helps, after pip's own words.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import deque

FETCHED = re.compile(r"\s*(?:Collecting|Using cached|Downloading) ([\w.-]+)")
NAME = re.compile(r"[A-Za-z]\w*(?:[._-][A-Za-z]\w*)*")
NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
NO_NETWORK = re.compile(
    r"NewConnectionError|Failed to establish a new connection|name resolution|Name or service not known|ProxyError|"
    r"ReadTimeout|ConnectTimeout|Network is unreachable|No matching distribution"
)
LAST_WORDS = 12
ADVICE = {
    NO_ROOM: "The disk is full: {free} MB are free here; pip's temporary files go where TMPDIR says. Serving "
    "needs 500 MB, `make test` 4 GB. Make room, and run the same command again: it goes on.",
    NO_NETWORK: "The packages could not be fetched. Without the internet bring the archive of `make bundle` from a "
    "machine that has it (docs/install.md), or name this network's mirror (PIP_INDEX_URL). Then run the same again.",
}


def main(options: list[str]) -> int:
    """Run pip, and return its exit code."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off", *options]
    last: deque[str] = deque(maxlen=LAST_WORDS)
    with subprocess.Popen(  # noqa: S603 - pip, with the Makefile's options
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        _tell_what_is_fetched(pip, last)
    if pip.returncode:
        print("".join(last) + _advice("".join(last)), file=sys.stderr)
    return pip.returncode


def _tell_what_is_fetched(pip: subprocess.Popen[str], last: deque[str]) -> None:
    told: set[str] = set()
    for line in pip.stdout or ():
        last.append(line)
        fetched = FETCHED.match(line)
        name = NAME.match(fetched[1]) if fetched else None
        if name and (known := name[0].lower().replace("_", "-")) not in told:
            told.add(known)
            print(f"  {name[0]}", flush=True)


def _advice(words: str) -> str:
    free = shutil.disk_usage(".").free // 1_000_000
    return next((advice.format(free=free) for sign, advice in ADVICE.items() if sign.search(words)), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
