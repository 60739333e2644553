"""`fcv report`: a day in one page, from log and record."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from fcv_api.app import database_app
from fcv_api.cli.doctor.database import can_be_asked, sqlite_file
from fcv_api.cli.doctor.finding import reason_of
from fcv_api.cli.json_output import print_json
from fcv_api.cli.report import lines, record
from fcv_api.extensions import db
from fcv_api.settings import Settings

WORDS = {"today": 0, "yesterday": 1}


def report(day: str, *, as_json: bool) -> None:
    settings = Settings.from_environment()
    page = summary(settings, _day(settings, day))
    if as_json:
        print_json(**page)
        return
    for name, value in page.items():
        for line in _shown(value):
            click.echo(f"{name.replace('_', ' '):<20} {line}".rstrip())


def _day(settings: Settings, text: str) -> date:
    if text in WORDS:
        return (datetime.now(settings.timezone) - timedelta(days=WORDS[text])).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no day: 2026-11-27, today or yesterday.") from None


def summary(settings: Settings, day: date) -> dict[str, Any]:
    """Return a day, and what of it could not be read. Nothing in it names a patient, a bed or a user."""
    log = lines.read_day(settings.log_dir, day, settings.timezone)
    unread = [f"the log: {each}" for each in log.not_read]
    if log.files == 0:
        unread.append(f"the log: no app.log of this day in {settings.log_dir}")
    if log.not_understood:
        unread.append(f"the log: {log.not_understood} lines that no version writes, of any day")
    kept = _record(settings, day, unread)
    return {
        "day": day.isoformat(),
        "timezone": str(settings.timezone),
        "could_not_read": unread,
        **_of_log(log),
        **(_of_record(kept) if kept else {"warnings": _sorted(log.warnings)}),
        "free_disk_bytes_now": _free(settings, unread),
        "log_bytes": log.bytes,
    }


def _record(settings: Settings, day: date, unread: list[str]) -> record.RecordDay | None:
    first, end = (
        datetime.combine(each, time(), settings.timezone).astimezone(UTC) for each in (day, day + timedelta(days=1))
    )
    if not can_be_asked(settings):
        unread.append("the record: there is no file of the database")
        return None
    with database_app(settings).app_context():
        try:
            return record.read_day(first, end)
        except SQLAlchemyError as error:
            unread.append(f"the record: {reason_of(error)}")
            return None
        finally:
            db.engine.dispose()


def _of_log(log: lines.LogDay) -> dict[str, Any]:
    return {
        "requests": len(log.durations),
        "p95_seconds": log.p95,
        "slowest_seconds": max(log.durations, default=None),
        "statuses": {str(status): count for status, count in sorted(log.statuses.items())},
        "problems": _sorted(log.problems),
        "troubles": _sorted(log.troubles),
        "starts": log.starts,
    }


def _of_record(kept: record.RecordDay) -> dict[str, Any]:
    return {
        "predictions": kept.predictions,
        "refusals": _sorted(kept.refusals),
        "beds_scored": kept.beds_scored,
        "beds_never_scored": kept.beds_never_scored,
        "turns_scored": kept.turns_scored,
        "turns_not_scored": _sorted(kept.turns_not_scored),
        "warnings": _sorted(kept.warnings),
        "alerts": _sorted(kept.alerts),
        "activations": [{"at": at, "what": what} for at, what in kept.activations],
    }


def _free(settings: Settings, unread: list[str]) -> dict[str, int]:
    file = sqlite_file(settings)
    free = {}
    for name, folder in {"log": settings.log_dir, "database": file and file.parent}.items():
        try:
            if folder:
                free[name] = shutil.disk_usage(folder).free
        except OSError as error:
            unread.append(f"the disk of the {name}: {error.strerror}")
    return free


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _shown(value: object) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"]
    if isinstance(value, list):
        return [_act(each) if isinstance(each, dict) else each for each in value] or ["none"]
    if value is None:
        return ["none"]
    return [f"{value:,}" if isinstance(value, int) else str(value)]


def _act(act: dict[str, Any]) -> str:
    return f"{act['at']:%Y-%m-%d %H:%M %Z} {act['what']}".replace("  ", " ")
