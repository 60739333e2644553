"""The folder of backups: names, the newest one, retention, and what the last check of one found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

NAME = re.compile(r"fcv-backup-(\d{8}T\d{6}Z)\.(?:db|dump)")
STAMP = "%Y%m%dT%H%M%SZ"
LAST_CHECK = ".last-check.json"
"""Beside the backups, and none of them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. problem: why the backup could not be proven; empty where it was."""

    file: str
    at: datetime
    problem: str = ""


def name_of(moment: datetime, *, dump: bool) -> str:
    """Return the name of a backup that is made now."""
    return f"fcv-backup-{moment.astimezone(UTC):{STAMP}}.{'dump' if dump else 'db'}"


def made_at(file: Path) -> datetime:
    """Return when a backup of ours was made, by its name."""
    return datetime.strptime(file.name[11:27], STAMP).replace(tzinfo=UTC)


def backups(folder: Path) -> list[Path]:
    """Return the whole backups that `fcv db backup` named, the newest first. Raises OSError."""
    return sorted(
        (each for each in folder.iterdir() if NAME.fullmatch(each.name) and each.is_file() and not each.is_symlink()),
        key=lambda each: each.name[:27],
        reverse=True,
    )


def outdated(folder: Path, now: datetime, keep: int | None, days: int | None) -> Iterator[Path]:
    """Yield what retention deletes: beyond the newest `keep`, or older than `days`; never the newest."""
    for place, file in enumerate(backups(folder)):
        beyond = keep is not None and place >= keep
        old = days is not None and now - made_at(file) > timedelta(days=days)
        if place and (beyond or old):
            yield file


def write_check(folder: Path, checked: Checked) -> None:
    """Keep what a check found, whole or not at all. Raises OSError."""
    unfinished = folder / f"{LAST_CHECK}.unfinished"
    unfinished.write_bytes(orjson.dumps(checked))
    unfinished.rename(folder / LAST_CHECK)


def last_check(folder: Path) -> Checked | None:
    """Return what the last check found; None where there was none, or what is kept of it is spoilt."""
    try:
        said = orjson.loads((folder / LAST_CHECK).read_bytes())
        return Checked(str(said["file"]), datetime.fromisoformat(said["at"]), str(said["problem"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
