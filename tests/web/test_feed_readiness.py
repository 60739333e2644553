"""Readiness knows the feed: whether anything scores, and in time."""

from __future__ import annotations

from time import monotonic, time_ns

import pytest
from conftest import BOTH_DATABASES
from flask.testing import FlaskClient
from until_now import rows_until_now

from fcv_api import activations
from fcv_api.activations import Worker
from fcv_api.domain.arrivals import Clock
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import arrivals, status
from fcv_api.feed.process import host
from fcv_api.feed.turns import slot_due
from fcv_api.web import feed_readiness

HOUR = 3_600_000_000
LONG_AGO = 10 * 60_000_000
"""Microseconds."""


@pytest.fixture
def _alive(http: FlaskClient) -> None:
    """Let a process of the feed report."""
    assert http
    activations.report(Worker(host(), 77, "fcv-sim", "2.0.0", "a" * 64, 0, ""))


def told(http: FlaskClient) -> tuple[str, str]:
    answer = http.get("/health/ready")
    assert answer.status_code == 200, "/predict works all the same"
    check = answer.get_json()["checks"]["feed"]
    return check["status"], check["detail"]


def age(encounter: int) -> None:
    """Let the rows of an encounter have come long ago."""
    with write_cursor() as cursor:
        run(
            cursor,
            "UPDATE observations SET received_at = ? WHERE encounter = ?",
            time_ns() // 1000 - LONG_AGO,
            encounter,
        )


@pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True)
def test_one_that_is_off_is_ok(http: FlaskClient) -> None:
    assert told(http) == ("ok", "FCV_FEED is off: no bed is scored by itself.")


def test_a_process_that_scores_has_a_minute_to_start(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_readiness, "BEGAN", monotonic() - 59)
    assert told(http) == ("ok", feed_readiness.AWAITED)


def test_nothing_that_scores_is_told_with_what_to_do(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_readiness, "BEGAN", monotonic() - 61)
    status, detail = told(http)
    assert status == "degraded"
    assert "Start `fcv feed run`" in detail
    assert "late" not in detail


@pytest.mark.usefixtures("_alive")
def test_a_process_that_reported_is_named(http: FlaskClient) -> None:
    assert told(http) == ("ok", f"Scored by {host()}:77; 0 turns are over a minute late.")


@pytest.mark.usefixtures("_alive")
@BOTH_DATABASES
def test_a_turn_is_late_a_minute_after_its_rows_came(http: FlaskClient, token: dict[str, str]) -> None:
    assert http.post("/observations", json=rows_until_now(), headers=token).status_code == 200
    assert told(http)[0] == "ok"
    age(5501)
    status, detail = told(http)
    assert status == "degraded"
    assert "1 turn is over a minute late. See app.log" in detail


@pytest.mark.usefixtures("_alive")
def test_a_clock_that_is_doubted_is_told_with_what_to_do(http: FlaskClient) -> None:
    now = time_ns() // 1000
    with write_cursor() as cursor:
        arrivals.write(cursor, None, Clock(now - 2 * HOUR))
    state, detail = told(http)
    assert (state, "Nothing has arrived since" in detail, "Look at what sends" in detail) == ("degraded", True, True)
    with write_cursor() as cursor:
        arrivals.write(cursor, None, Clock(now, doubted=True, agreeing_since=now))
    state, detail = told(http)
    assert (state, "it is trusted after three minutes" in detail) == ("ok", True)


@pytest.mark.usefixtures("_alive")
@BOTH_DATABASES
def test_turns_that_nobody_owes_are_not_late(http: FlaskClient, token: dict[str, str]) -> None:
    for bed, encounter in (("B1", 1), ("B2", 2), ("B3", 3), ("B4", 4)):
        rows = rows_until_now()
        cells = {"idAtencion": encounter, "cama": bed}
        http.post("/observations", json=rows | {k: dict.fromkeys(rows[k], v) for k, v in cells.items()}, headers=token)
        age(encounter)
    now = time_ns() // 1000
    slot = slot_due(now - status.LATE_AFTER, 30, step_of(WindowSpec()))
    assert status.late(slot, now) == 4
    with write_cursor() as cursor:
        run(cursor, "INSERT INTO turns (encounter, last_slot) VALUES (1, ?)", slot)
        run(cursor, "UPDATE stays SET closed_at = seen_at WHERE id = 2")
        later = "INSERT INTO placements (source, bed, slot, encounter) SELECT source, bed, ?, 9 FROM stays WHERE id = 3"
        run(cursor, later, slot + 600_000_000)
    assert status.late(slot, now) == 1
