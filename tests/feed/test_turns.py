"""Turns: exactly one record for each stay and slot, whoever drives them and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time_ns
from typing import Any

import numpy as np
import pytest
from conftest import BOTH_DATABASES
from fakes import FakeModel
from fed import FEED, OneModel, fill
from memory import HEART_RATE, MINUTE, NOW, observation, post, rows
from sqlalchemy.exc import DBAPIError

from fcv_api import scoring
from fcv_api.app import database_app
from fcv_api.domain.samples import Sampling
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import turns
from fcv_api.feed.turns import database_now, run_slot, slot_due
from fcv_api.ledger import chain, query
from fcv_api.ledger.published import BrokenChain
from fcv_api.ledger.sources import unpacked
from fcv_api.settings import Settings
from fcv_api.wire.example import example_request

pytestmark = pytest.mark.usefixtures("empty_database")
SLOT = 5 * MINUTE
RECORDED = "SELECT encounter, slot, problem FROM predictions ORDER BY seq"


@BOTH_DATABASES
def test_a_turn_that_is_driven_twice_is_recorded_once() -> None:
    fill(*range(1, 13))  # more than a transaction takes
    assert [run_slot(FEED, NOW), run_slot(FEED, NOW)] == [12, 0]
    assert rows(RECORDED) == [(encounter, NOW, None) for encounter in range(1, 13)]
    assert chain.verify().count == 12


@BOTH_DATABASES
def test_a_turn_whose_record_was_not_committed_is_recorded_by_the_next_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(1)
    for place in ("_due", "cut", "_assessed", "append", "_record"):

        def fail() -> None:
            raise RuntimeError

        after(place, fail, monkeypatch)
        with pytest.raises(RuntimeError):
            run_slot(FEED, NOW)
        monkeypatch.undo()
        assert rows(RECORDED) == []
    assert run_slot(FEED, NOW) == 1


@BOTH_DATABASES
def test_a_turn_that_another_host_drives_at_any_point_is_recorded_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the other finds the turn locked. On SQLite, which locks none, it is the first."""
    fill(1)
    locks = settings.database_url.startswith("postgresql")
    host = database_app(settings)
    places = ("_candidates", "_due", "cut", "_assessed", *(["append", "_record"] if locks else []))
    for step, place in enumerate(places):
        found: list[int] = []

        def drive(end: int = NOW + step * SLOT, found: list[int] = found) -> None:
            monkeypatch.undo()
            with host.app_context():
                found.append(run_slot(FEED, end))

        after(place, drive, monkeypatch)
        is_first = locks and place != "_candidates"
        assert [run_slot(FEED, NOW + step * SLOT), *found] == ([1, 0] if is_first else [0, 1])
        post(observation(minutes=-5 * (step + 1)), now=NOW + (step + 1) * SLOT)
    assert [slot for _encounter, slot, _problem in rows(RECORDED)] == [NOW + at * SLOT for at in range(step + 1)]


def after(place: str, act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Act when a function of the turns has returned."""
    real = getattr(turns, place)

    def wrapped(*given: Any) -> Any:
        found = real(*given)
        act()
        return found

    monkeypatch.setattr(turns, place, wrapped)


@BOTH_DATABASES
def test_the_unique_index_holds_where_the_other_guard_was_taken_away() -> None:
    fill(1)
    run_slot(FEED, NOW)
    with write_cursor() as cursor:
        run(cursor, "UPDATE turns SET last_slot = 0")
    with pytest.raises(DBAPIError):
        run_slot(FEED, NOW)
    assert len(rows(RECORDED)) == 1


def test_a_record_says_where_each_value_came_from() -> None:
    fill(1)
    run_slot(FEED, NOW)
    ((sources, user, request, raw),) = rows("SELECT sources, user_id, request_id, window_raw FROM predictions")
    found = unpacked(sources)
    assert (user, request, found["source"]) == (7, f"feed-{NOW}", "api:ana")
    assert len(found["cells"]) == np.frombuffer(raw).size == 180
    assert [150488, "MDC_BLD_PERF_INDEX", "", NOW, NOW] in found["cells"]


def test_a_model_of_means_is_given_means_and_all_that_they_are_of_is_recorded() -> None:
    models = OneModel()
    models.model = FakeModel(spec=WindowSpec(sampling=Sampling.MEAN))
    fill(1)
    post(observation(20.0, minutes=2), observation(21.0, minutes=1))
    run_slot(replace(FEED, models=models), NOW)
    (record,) = query.search(query.Wanted(), 1)
    newest = example_request()["valor"][str(9 * 19 + 1)]
    assert np.frombuffer(record.window_raw or b"").reshape(20, 9)[-1, 1] == pytest.approx((newest + 41) / 3)
    times = [cell[3] for cell in unpacked(record.sources or b"")["cells"] if cell[0] == HEART_RATE]
    assert set(times) >= {NOW, NOW - MINUTE, NOW - 2 * MINUTE}
    assert scoring.replay(record, models.model, record.runtime or "").verdict == "equal"


def test_a_change_of_what_a_turn_recorded_is_found() -> None:
    fill(1)
    run_slot(FEED, NOW)
    with write_cursor() as cursor:
        run(cursor, "UPDATE predictions SET slot = slot + 1")
    with pytest.raises(BrokenChain, match="Record 1 "):
        chain.verify()


def test_the_next_slot_waits_for_a_new_moving_sign() -> None:
    fill(1)
    run_slot(FEED, NOW)
    assert run_slot(FEED, NOW + SLOT) == 0
    post(observation(minutes=-1), now=NOW + MINUTE)
    assert run_slot(FEED, NOW + SLOT) == 1


@BOTH_DATABASES
def test_a_deletion_makes_the_next_turn_due() -> None:
    fill(1)
    run_slot(FEED, NOW)
    post(observation(None, status="D"), now=NOW + MINUTE)
    assert run_slot(FEED, NOW + SLOT) == 1


def test_a_late_row_alone_makes_no_turn_due() -> None:
    fill(1)
    run_slot(FEED, NOW)
    post(observation(minutes=2), now=NOW + MINUTE)
    assert run_slot(FEED, NOW + SLOT) == 0


def test_a_silent_stay_is_recorded_once_and_goes_on_when_it_sends_again() -> None:
    fill(1)
    assert [run_slot(FEED, NOW + step * SLOT) for step in range(5)] == [1, 0, 1, 0, 0]
    post(observation(minutes=-22), now=NOW + 23 * MINUTE)
    assert run_slot(FEED, NOW + 5 * SLOT) == 1
    assert [problem for _encounter, _slot, problem in rows(RECORDED)][:2] == [None, "silent"]


def test_after_an_outage_the_newest_slot_alone_is_scored() -> None:
    fill(1)
    post(*(observation(minutes=-5 * step) for step in range(7)), now=NOW + 30 * MINUTE)
    assert run_slot(FEED, NOW + 6 * SLOT) == 1
    assert [slot for _encounter, slot, _problem in rows(RECORDED)] == [NOW + 6 * SLOT]


def test_a_conflict_is_recorded_as_one_and_a_closed_stay_not_at_all() -> None:
    fill(1, 2, 3)
    for encounter in (1, 2):
        post(observation(bed="B1"), encounter=encounter)
    with write_cursor() as cursor:
        run(cursor, "UPDATE stays SET closed_at = ? WHERE id = 3", NOW)
    run_slot(FEED, NOW)
    assert rows(RECORDED) == [(1, NOW, "identity-conflict"), (2, NOW, "identity-conflict")]


@BOTH_DATABASES
def test_slots_come_from_the_databases_clock() -> None:
    assert abs(database_now() - time_ns() // 1000) < 5_000_000
    five = np.timedelta64(5, "m")
    assert [slot_due(NOW + second * 1_000_000, 30, five) for second in (29, 30, 329, 330)] == [
        NOW - SLOT,
        NOW,
        NOW,
        NOW + SLOT,
    ]
