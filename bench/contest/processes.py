"""What a server's processes take: memory and processor time of all of them (Linux only)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def family(roots: Iterable[int]) -> list[int]:
    """Give processes and all that they started, at any depth."""
    found = list(roots)
    for pid in found:  # grows meanwhile
        for task in _tasks(pid):
            found += map(int, _read(task / "children").split())
    return found


def memory(roots: Iterable[int]) -> float:
    """Give the proportional set size of all processes in MB: what several share is counted once."""
    rollups = (_read(Path(f"/proc/{pid}/smaps_rollup")) for pid in family(roots))
    return sum(int(each) for text in rollups for each in PSS.findall(text)) / 1024


def processor_seconds(roots: Iterable[int]) -> float:
    """Give the processor time of all processes so far, and of those that ended and were waited for."""
    spent = 0
    for pid in family(roots):
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        spent += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return spent / TICKS


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    """Read a file of /proc; nothing where its process has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""
