"""What a process holds, as Linux tells it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    """megabytes: its proportional share of memory (PSS)."""

    megabytes: float
    files: int
    threads: int

    def __str__(self) -> str:
        return f"{self.megabytes:.1f} MB, {self.files} files, {self.threads} threads"


def held_by(*pids: int) -> Held:
    """Add up what some processes hold."""
    each = [_held(Path(f"/proc/{pid}")) for pid in pids]
    return Held(*(sum(parts) for parts in zip(*each, strict=True)))


def _held(process: Path) -> Held:
    pss = (process / "smaps_rollup").read_text().split("\nPss:")[1].split()[0]
    return Held(int(pss) / 1024, len(list((process / "fd").iterdir())), len(list((process / "task").iterdir())))
