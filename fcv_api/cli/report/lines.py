"""What the lines of `app.log` say of a day: both forms, and what a rotation left, compressed or not."""

from __future__ import annotations

import ast
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import orjson

THESIS = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d,\d{3} , ([A-Z]+) , (.*)")
OF_A_REQUEST = "{'url'"
STARTED = "Starting FCV-MLAPI"
SUBJECT = re.compile(r"[a-z0-9]{2,16}(?=: )")
LONGEST_LINE = 20_000
NOT_READ = (OSError, EOFError, zlib.error)
NOT_A_LINE = (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError)


class Line(NamedTuple):
    """A line of a day. facts: of a request; None for a message."""

    day: date
    level: str
    facts: dict[str, Any] | None
    message: str = ""


@dataclass(slots=True)
class LogDay:
    """A day's lines, summed up. troubles: messages of WARNING and worse, by level and by what they are about."""

    files: int = 0
    bytes: int = 0
    durations: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    not_understood: int = 0
    not_read: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float | None:
        """Seconds within which 95 % of the requests were answered: the nearest rank."""
        ordered = sorted(self.durations)
        return ordered[-(-95 * len(ordered) // 100) - 1] if ordered else None

    def take(self, line: Line) -> None:
        """Count a line."""
        if line.facts is None:
            self.starts += line.message.startswith(STARTED)
            if line.level not in ("INFO", "DEBUG"):
                subject = SUBJECT.match(line.message)
                self.troubles[f"{line.level} {subject[0] if subject else 'other'}"] += 1
            return
        self.durations.append(float(line.facts["duration"]))
        self.statuses[int(line.facts["status"])] += 1
        if line.facts["problem"]:
            self.problems[str(line.facts["problem"])] += 1
        self.warnings.update(map(str, line.facts.get("warnings", ())))


def read_day(log_dir: Path, day: date, zone: tzinfo) -> LogDay:
    """Read all files that may hold a line of a day. What cannot be read is named, and the rest is read."""
    found = LogDay()
    midnight = datetime.combine(day, time(), zone).timestamp()
    for file in sorted(log_dir.glob("app.log*")):
        try:
            if file.stat().st_mtime < midnight:
                continue
            found.files += 1
            for raw in _lines(file):
                _read(found, raw, day, zone)
        except NOT_READ as error:
            found.not_read.append(f"{file.name}: {getattr(error, 'strerror', None) or 'cut off or damaged'}")
    return found


def _lines(file: Path) -> Iterator[bytes]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        yield from opened


def _read(found: LogDay, raw: bytes, day: date, zone: tzinfo) -> None:
    try:
        line = parse(raw, zone)
        if line.day == day:
            found.bytes += len(raw)
            found.take(line)
    except NOT_A_LINE:
        found.not_understood += 1


def parse(raw: bytes, zone: tzinfo) -> Line:
    """Read a line of either form. Raises one of NOT_A_LINE."""
    if len(raw) > LONGEST_LINE:
        raise ValueError(len(raw))
    if raw.startswith(b"{"):
        said = orjson.loads(raw)
        day = datetime.fromisoformat(said["at"]).astimezone(zone).date()
        return Line(day, said["level"], said if "url" in said else None, str(said.get("message", "")))
    whole = THESIS.fullmatch(raw.decode().rstrip("\n"))
    if whole is None:
        raise ValueError(raw)
    facts = ast.literal_eval(whole[3]) if whole[3].startswith(OF_A_REQUEST) else None
    return Line(date.fromisoformat(whole[1]), whole[2], facts, whole[3])
