"""A disk that fills while the feed scores: nothing half written, no turn twice, one line, and it goes on by itself."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from recorded_answers import assert_verified
from service import Service, running
from small_disk import Disk, small_disk
from until_now import rows_until_now

SECONDS_FULL = 15
"""It looks at a slot again every ten seconds, and each second after a failure."""
WINDOW = 180
"""Rows."""
SCORED, REFUSED = 3, 5
"""Stays that are scored before it is full, and posts in a row that are refused when it is."""
TURNS_TWICE = "SELECT encounter, slot FROM predictions GROUP BY encounter, slot HAVING COUNT(*) > 1"
HALF_WRITTEN = """SELECT encounter FROM turns t WHERE last_slot > 0 AND NOT EXISTS
    (SELECT 1 FROM predictions p WHERE p.encounter = t.encounter AND p.slot = t.last_slot)"""
STAYS_RECORDED = "SELECT COUNT(DISTINCT encounter) FROM predictions WHERE slot IS NOT NULL"

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts a disk in memory, or limits another process"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a disk to fill."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def service(tmp_path: Path, disk: Disk) -> Iterator[Service]:
    """Give a service that feeds itself, with its database on the disk, and its log elsewhere."""
    database = f"sqlite:///{disk.folder / 'fcv.db'}"
    with running(tmp_path, DATABASE_URL=database, WORKERS="1", FEED="child") as service:
        until(lambda: "/feed:" in checks(service)["workers"]["detail"], 60)
        yield service


def until(found: Callable[[], Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def checks(service: Service) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = requests.get(f"{service.url}/health/ready", timeout=10).json()["checks"]
    return found


def rows(disk: Disk, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(disk.folder / "fcv.db")) as database:
        return database.execute(query).fetchall()


def post(service: Service, token: dict[str, str], encounter: int, count: int = WINDOW) -> int:
    """Post the newest rows of an encounter's window, or all, and return the status of the answer."""
    request, cells = rows_until_now(), {"idAtencion": encounter, "cama": f"B{encounter}"}
    body = {name: dict([*column.items()][-count:]) for name, column in request.items()}
    own = body | {name: dict.fromkeys(body[name], value) for name, value in cells.items()}
    return requests.post(f"{service.url}/observations", json=own, headers=token, timeout=10).status_code


def post_until_full(service: Service, token: dict[str, str], encounter: int, count: int) -> int:
    """Post one encounter after another until none is taken. Returns the last one that was."""
    refused = 0
    while refused < REFUSED:
        taken = post(service, token, encounter + 1, count) == 200
        encounter, refused = (encounter + 1, 0) if taken else (encounter, refused + 1)
        time.sleep(0.0 if taken else 0.2)
    return encounter


def said(service: Service) -> list[str]:
    """Return the feed's own lines in the log, without their times."""
    found = [line.split(" , ", 2) for line in service.log().splitlines()]
    return [line[2] for line in found if len(line) == 3 and line[2].startswith("feed: ")]


def test_a_feed_whose_disk_fills_while_it_scores_goes_on_where_it_stood(service: Service, disk: Disk) -> None:
    token = service.sign_in()
    disk.fill(service)
    assert [post(service, token, encounter) for encounter in range(1, SCORED + 1)] == [200] * SCORED
    until(lambda: rows(disk, STAYS_RECORDED)[0][0] == SCORED, 30)
    stays = SCORED
    for count in (WINDOW, 1):  # what is too little for a window may suffice for a record
        stays = post_until_full(service, token, stays, count)
    time.sleep(SECONDS_FULL)
    lines, ready, doctor = said(service), checks(service), service.fcv("doctor").stdout
    scored_then = rows(disk, STAYS_RECORDED)[0][0]
    disk.empty(service)
    until(lambda: rows(disk, STAYS_RECORDED)[0][0] >= stays, 60)
    print(f"\n{type(disk).__name__} disk: {stays} stays until it was full, {scored_then} of them scored; {lines}")
    assert SCORED <= scored_then < stays
    assert [line for line in lines if "Error" in line] == lines[:1], "one line, however often it was tried"
    assert "SQLITE_" in lines[0]
    assert ready["database"]["status"] == "failed"
    failed = [line for line in doctor.splitlines() if line.startswith("failed")]
    assert failed[0].split()[1] in ("database", "disk")
    assert (rows(disk, TURNS_TWICE), rows(disk, HALF_WRITTEN)) == ([], [])
    until(lambda: said(service)[-1] == "feed: it scores again", 15)
    assert json.loads(service.fcv("feed", "status", "--json").stdout)["turns_due"] == 0
    assert_verified(service)
