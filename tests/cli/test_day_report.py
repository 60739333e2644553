"""`fcv report`: a day from log and record, in both forms, and what could not be read."""

from __future__ import annotations

import gzip
import json
import logging
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from conftest import MakeSettings
from flask import Flask
from recorded import PREDICTION, REFUSAL, append

from fcv_api.access_log import JsonLine, WallClock
from fcv_api.cli import main
from fcv_api.settings import Settings

ZONE = ZoneInfo("America/Bogota")
DAY = datetime(2026, 3, 8, 12, tzinfo=ZONE)


def line(form: type[WallClock | JsonLine], at: datetime, message: str, *given: object) -> str:
    record = logging.LogRecord("fcv_api", logging.INFO, "", 0, message, given, None)
    record.created, record.msecs = at.timestamp(), 0
    record.levelname = "ERROR" if message.startswith("database") else "INFO"
    return form(ZONE).format(record) + "\n"


def asked(**more: object) -> dict[str, object]:
    usual = {"url": "/predict', 'status': 500}", "method": "POST", "date": "", "duration": 0.1, "status": 200}
    return usual | {"request_id": "r", "user": 77, "encounter": 5501, "problem": None} | more


def report(day: str, **env: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["report", "--day", day, "--json"], env=env)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.output)
    return told


@pytest.fixture
def logs(make_settings: MakeSettings) -> Path:
    folder = make_settings().log_dir
    folder.mkdir()
    return folder


def test_both_forms_and_rotated_files_are_read_and_other_days_are_not(logs: Path) -> None:
    slow = asked(duration=2.0, status=503, problem="busy")
    (logs / "app.log").write_text(
        line(JsonLine, DAY, "%r", asked(warnings=["stale"])) + line(JsonLine, DAY + timedelta(hours=12), "%r", slow)
    )
    (logs / "app.log-20260308-1").write_text(line(WallClock, DAY, "%r", slow) + line(WallClock, DAY, "database: x"))
    packed = line(WallClock, DAY - timedelta(hours=13), "%r", slow) + line(WallClock, DAY, "Starting FCV-MLAPI....")
    (logs / "app.log-20260307-1.gz").write_bytes(gzip.compress(packed.encode()))
    told = report("2026-03-08")
    assert (told["requests"], told["p95_seconds"], told["starts"]) == (2, 2.0, 1)
    assert (told["statuses"], told["problems"]) == ({"200": 1, "503": 1}, {"busy": 1})
    assert (told["warnings"], told["troubles"]) == ({"stale": 1}, {"ERROR database": 1})
    assert told["could_not_read"] == ["the record: there is no file of the database"]


def test_it_says_what_it_could_not_read(logs: Path) -> None:
    (logs / "app.log").write_bytes(b"\xff\nno line\n{}\n" + line(WallClock, DAY, "%r", asked()).encode())
    (logs / "app.log-1.gz").write_bytes(gzip.compress(b"x" * 9999)[:20])
    told = report("2026-03-08")
    assert told["requests"] == 1
    assert told["could_not_read"][:2] == [
        "the log: app.log-1.gz: cut off or damaged",
        "the log: 3 lines that no version writes, of any day",
    ]


def test_the_record_of_today_is_counted_and_nobody_is_named(app: Flask, settings: Settings) -> None:
    assert app
    slot = PREDICTION._replace(slot=12, encounter=987_654)
    first = append([PREDICTION._replace(warnings='[{"code": "stale"}]'), REFUSAL, slot], perf_counter())[0]
    now = datetime.fromisoformat(first.at).astimezone(ZONE)
    settings.log_dir.mkdir(exist_ok=True)
    (settings.log_dir / "app.log").write_text(line(WallClock, now, "%r", asked(user=7654)))
    told = report(f"{now:%Y-%m-%d}")
    assert (told["predictions"], told["refusals"], told["warnings"]) == (1, {"too-few-instants": 1}, {"stale": 1})
    assert (told["beds_scored"], told["turns_scored"], told["could_not_read"]) == (1, 1, [])
    page = CliRunner().invoke(main, ["report", "--day", f"{now:%Y-%m-%d}"]).output
    assert "too-few-instants 1" in page
    assert not any(each in page + json.dumps(told) for each in ("5501", "987654", "987,654", "7654", "/predict"))


def test_a_word_that_is_no_day_is_refused(logs: Path) -> None:
    assert logs
    done = CliRunner().invoke(main, ["report", "--day", "31/12/2026"])
    assert (done.exit_code, "is no day" in done.output) == (2, True)
