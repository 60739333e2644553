"""`fcv doctor`: room on the disks, today and by the time the record is as large as it will be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fcv_api.cli.doctor.database import can_be_asked, sqlite_file
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place
from fcv_api.ledger import retention
from fcv_api.settings import Settings

LEAST, LITTLE = 0.2e9, 2e9
"""Bytes free: below the first the service is about to refuse, below the second somebody should look."""
GIGABYTE = 1e9
FEW_FILES = 1000
MAKE_ROOM = "Make room, or move it to a larger disk; what cannot be recorded is answered with 503."


def check_disk(place: Place) -> Iterator[Finding]:
    """Look at each disk once, and at what the record will still take."""
    file = sqlite_file(place.settings)
    folders = {
        "the database": file and file.parent,
        "the log": place.settings.log_dir,
        "models": place.settings.models_dir,
    }
    disks: dict[int, tuple[Path, list[str]]] = {}
    for what, folder in folders.items():
        if folder:
            there = next(each for each in (folder, *folder.parents) if each.is_dir())
            disks.setdefault(there.stat().st_dev, (there, []))[1].append(what)
    for there, held in disks.values():
        yield _room(there, " and ".join(held))
    if can_be_asked(place.settings):
        yield from _growth(place.settings, file)


def _room(there: Path, what: str) -> Finding:
    usage, files = shutil.disk_usage(there), os.statvfs(there)
    words = f"{_shown(usage.free)} of {_shown(usage.total)} are free for {what} ({there})."
    if usage.free < LEAST:
        return Finding("disk", FAILED, words, MAKE_ROOM)
    if files.f_files and files.f_favail < FEW_FILES:
        return Finding("disk", FAILED, f"{there} has room for {files.f_favail} more files.", "Delete files there.")
    if usage.free < LITTLE:
        return Finding("disk", WARNING, words, MAKE_ROOM)
    return Finding("disk", OK, words)


def _growth(settings: Settings, file: Path | None) -> Iterator[Finding]:
    """Compare what the record will still take, as it grows now, with the room that there is."""
    try:
        record = retention.growth()
    except SQLAlchemyError:
        return  # the check of the database has said it
    if record.daily == 0:
        return
    whole = record.after(settings.ledger_days)
    words = f"At {record.daily:,.0f} records a day the record takes {_shown(whole)} in {settings.ledger_days} days"
    if file is None:
        yield Finding("disk", OK, f"{words}, on the database's host: look at its disk there.")
        return
    free = shutil.disk_usage(file.parent).free
    if whole - record.size > free:
        advice = "Give the database a larger disk, or settle fewer FCV_LEDGER_DAYS with the records office."
        yield Finding("disk", WARNING, f"{words}, and {_shown(free)} are free.", advice)
    else:
        yield Finding("disk", OK, f"{words}; there is room for it.")


def _shown(size: float) -> str:
    return f"{size / GIGABYTE:,.1f} GB" if size >= GIGABYTE else f"{size / 1e6:,.1f} MB"
