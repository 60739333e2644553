"""Measure what the ward's page costs: 60 beds with six hours of records, one process, beside GET /health/live.

make bench-parts
"""

from __future__ import annotations

import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time, time_ns

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson
from flask import Flask
from flask.testing import FlaskClient

from bench.request import service
from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.domain.observations import Key, Observation, Posted
from fcv_api.domain.prediction import State
from fcv_api.domain.stays import SLOT
from fcv_api.domain.ward_line import SLOTS
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.ledger.record import Entry, append

BEDS, POLLS = 60, 300
DISPLAYS, SECONDS_BETWEEN, WORKERS = 20, 15, 2
WARNED: list[dict[str, object]] = [
    {"code": code, "sign": "MDC_ECG_HEART_RATE", "detail": "in words", "detail_es": "en palabras", "figures": {}}
    for code in ("level", "filled")
]


@dataclass
class Browser:
    """A display that has signed in."""

    client: FlaskClient

    def get(self, path: str, **headers: str) -> tuple[int, float, float]:
        """Return how many bytes came, and the milliseconds of the processor and on the wall."""
        cpu, wall = process_time(), perf_counter()
        answer = self.client.get(path, headers=headers)
        spent = (process_time() - cpu) * 1000, (perf_counter() - wall) * 1000
        return len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers), *spent

    def tag(self) -> str:
        """Return the tag of what is shown now."""
        return self.client.get("/ward/beds").headers["ETag"]


def main() -> None:
    """Print a first page, an unchanged and a changed poll, and what 20 displays come to.

    Each worker draws each change once.
    """
    with tempfile.TemporaryDirectory() as folder:
        app, _token = service(Path(folder) / "ward", FCV_WARD="on", FCV_FEED="on")
        with app.app_context():
            fill()
        browser = signed_in(app)
        size, cpu, wall = browser.get("/ward")
        print(f"\nthe ward's page, {BEDS} beds, {SLOTS} records each")
        print(f"  first page      {size / 1000:.0f} kB, {cpu:.0f} ms of the processor, {wall:.0f} ms on the wall")
        size, cpu, wall = browser.get("/ward/beds/1")
        print(f"  a bed's page    {size / 1000:.0f} kB, {cpu:.0f} ms of the processor")
        unchanged = [browser.get("/ward/beds", **{"If-None-Match": browser.tag()}) for _ in range(POLLS)]
        beside = statistics.median(browser.get("/health/live")[1] for _ in range(POLLS))
        poll = statistics.median(each[1] for each in unchanged)
        print(f"  unchanged poll  {unchanged[-1][0]} bytes, {poll:.2f} ms: {poll / beside:.1f} times /health/live")
        changed = statistics.median(changed_poll(app, browser) for _ in range(20))
        print(f"  changed poll    {changed:.1f} ms")
        for changes, what in ((1 / 60, "by the feed: ages change each minute"), (BEDS / 300, "by /predict, each bed")):
            spent = DISPLAYS / SECONDS_BETWEEN * poll + WORKERS * changes * changed
            print(f"  {DISPLAYS} displays     {spent:.1f} ms a second ({what})")


def fill() -> None:
    """Store beds that were scored in each of the last 72 slots."""
    now = time_ns() // 1000
    end = now // SLOT * SLOT
    key = Key(147842, end, "", "MDC_ECG_HEART_RATE")
    posted = [Posted(bed, [Observation(key, "F", 80.0, bed=f"UCI-{bed:02d}")]) for bed in range(1, BEDS + 1)]
    store.store(posted, Arrival("gateway", now, now, 12))
    for slot in range(SLOTS - 1, -1, -1):
        with write_cursor() as cursor:
            append(cursor, [entry(bed, end - slot * SLOT) for bed in range(1, BEDS + 1)])
    with write_cursor() as cursor:
        for bed in range(1, BEDS + 1):
            run(cursor, "INSERT INTO turns (encounter, last_slot) VALUES (?, ?)", bed, end)


def entry(bed: int, slot: int | None) -> Entry:
    """Return a score; every third with warnings."""
    shares = orjson.dumps({state.value: 0.25 for state in State}).decode()
    return Entry(
        perf_counter(), bed, 1, "", "", None, "m", "1", "a" * 64, None, None, bytes(20 * 9 * 8), shares,
        State.NONE_OF_THESE.value, orjson.dumps(WARNED if bed % 3 == 0 else []).decode(), "", slot,
    )  # fmt: skip


def changed_poll(app: Flask, browser: Browser) -> float:
    """Return the milliseconds of a poll after one more record."""
    with app.app_context(), write_cursor() as cursor:
        append(cursor, [entry(BEDS + 1, None)._replace(window_last="2024-03-03T09:30:00.000000Z")])
    return browser.get("/ward/beds", **{"If-None-Match": '"x"'})[1]


def signed_in(app: Flask) -> Browser:
    """Return a display."""
    client = app.test_client()
    with app.app_context():
        account = accounts.create_user("pasillo", "correct horse battery", role=Role.READER, min_length=8)
        client.set_cookie("fcv_session", token_for(account))
    return Browser(client)


if __name__ == "__main__":
    main()
