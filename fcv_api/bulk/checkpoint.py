"""What an unfinished run leaves beside its output, so that it can be taken up after a kill.

A part is one file until it was scored, and then another: each is written whole under another name first, so what is
there is whole, and is there once.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PARTS, SCORES, SORTING = "parts", "scores", "sorting"
PLAN, LOCK = "plan.json", "lock"


class OtherRun(Exception):
    """What is beside the output is of another run. The message says what to do."""


class Checkpoint:
    """The folder of one run. Parts are numbered in the order of their encounters."""

    def __init__(self, output: Path, asked: dict[str, Any]) -> None:
        """output: what the run writes. asked: what it is about, in JSON's types."""
        self.folder, self.asked = output.with_name(f".{output.name}.unfinished"), asked

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others out. Raises OtherRun when another process is at it."""
        self.folder.mkdir(mode=0o700, exist_ok=True)  # it holds measurements
        with (self.folder / LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OtherRun(f"Another process is writing in {self.folder}.") from None
            yield

    def check(self, *, anew: bool = False) -> None:
        """Raise OtherRun where what was done is of another input, model or option. anew: throw it away instead."""
        if anew:
            self.begin()
        if self.is_partitioned and (other := self._plan()["asked"]) != self.asked:
            differs = ", ".join(name for name, value in self.asked.items() if value != other.get(name))
            raise OtherRun(
                f"{self.folder} holds an unfinished run with another {differs}. Give the same again to finish it, "
                "or --restart to throw it away."
            )

    @property
    def is_partitioned(self) -> bool:
        """Whether all parts were written."""
        return (self.folder / PLAN).exists()

    def begin(self) -> None:
        """Throw away what is there, but for the lock."""
        (self.folder / PLAN).unlink(missing_ok=True)  # first, so that nobody takes the rest for whole
        for name in (PARTS, SCORES, SORTING):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()

    def keep_parts(self, parts: Iterable[tuple[bytes, int]]) -> None:
        """Write all parts, each with the number of its rows, and then the plan."""
        rows = []
        for number, (part, count) in enumerate(parts):
            _write(self._part(number), part)
            rows.append(count)
        _write(self.folder / PLAN, json.dumps({"asked": self.asked, "rows": rows}).encode())

    def rows(self) -> list[int]:
        """Return the number of rows of each part."""
        counts: list[int] = self._plan()["rows"]
        return counts

    def is_scored(self, number: int) -> bool:
        """Return whether a part was scored."""
        return self._scores(number).exists()

    def part(self, number: int) -> bytes:
        """Read a part that was not scored yet."""
        return self._part(number).read_bytes()

    def keep_scores(self, number: int, scores: bytes) -> None:
        """Write the scores of a part, which is then not needed any more."""
        _write(self._scores(number), scores)
        self._part(number).unlink(missing_ok=True)

    def scores(self) -> Iterator[bytes]:
        """Read the scores of all parts, in order."""
        for number in range(len(self.rows())):
            yield self._scores(number).read_bytes()

    def remove(self) -> None:
        """Leave nothing."""
        (self.folder / PLAN).unlink(missing_ok=True)
        shutil.rmtree(self.folder)

    def _plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads((self.folder / PLAN).read_text("utf-8"))
        return plan

    def _part(self, number: int) -> Path:
        return self.folder / PARTS / f"{number:06}.arrow"

    def _scores(self, number: int) -> Path:
        return self.folder / SCORES / f"{number:06}.arrow"


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, even where the machine loses its power."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
