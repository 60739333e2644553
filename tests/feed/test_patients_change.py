"""Patients who come, go, move and stop sending: each record is of one stay, and nothing of one fills another."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import BOTH_DATABASES
from fed import FEED, fill
from memory import HEIGHT, HOUR, MINUTE, NOW, observation, post, rows

from fcv_api.domain.observations import Observation
from fcv_api.feed.beds import now_known
from fcv_api.feed.turns import run_slot

pytestmark = pytest.mark.usefixtures("empty_database")
SLOT = 5 * MINUTE
RECORDED = "SELECT encounter, slot, problem FROM predictions ORDER BY seq"


def send(encounter: int, minutes: float, bed: str = "B1", now: float = 0) -> None:
    post(observation(minutes=minutes, bed=bed), encounter=encounter, now=NOW + round(now * MINUTE))


@BOTH_DATABASES
def test_a_bed_that_changes_patients_between_two_posts_begins_anew() -> None:
    fill(1)
    send(1, 0)
    assert run_slot(FEED, NOW) == 1
    send(2, -5, now=5)
    run_slot(FEED, NOW + SLOT)
    assert rows(RECORDED) == [(1, NOW, None), (2, NOW + SLOT, "too-few-instants")]
    assert [(each.encounter, each.status) for each in now_known(NOW + SLOT)] == [(1, "closed"), (2, "not_scored")]


@BOTH_DATABASES
def test_a_late_row_of_a_patient_who_left_moves_nothing_and_is_not_scored() -> None:
    fill(1)
    send(1, 0)
    send(2, -6, now=6)
    send(1, -1, now=11)  # it was measured before the other came, and arrives after
    assert run_slot(FEED, NOW + 2 * SLOT) == 1
    assert rows(RECORDED) == [(2, NOW + 2 * SLOT, "too-few-instants")]
    assert now_known(NOW + 2 * SLOT)[0].status == "closed"


def test_a_patient_who_is_moved_and_whose_old_bed_still_sends_is_a_conflict_until_one_bed_is_left() -> None:
    fill(1)
    send(1, 0)
    send(1, -3, "B2", now=5)
    send(1, -4, "B1", now=5)
    send(1, -9, "B2", now=10)
    assert [run_slot(FEED, NOW + SLOT), run_slot(FEED, NOW + 2 * SLOT)] == [1, 1]
    assert [problem for _encounter, _slot, problem in rows(RECORDED)][1] is None
    assert now_known(NOW + 2 * SLOT)[0].bed == "B2"


def test_two_patients_in_a_bed_are_scored_again_when_one_is_left() -> None:
    fill(1, 2)
    send(1, 1)
    send(2, 0)
    assert run_slot(FEED, NOW) == 2
    send(2, -5, now=5)
    run_slot(FEED, NOW + SLOT)
    conflict = "identity-conflict"
    assert rows(RECORDED) == [(1, NOW, conflict), (2, NOW, conflict), (2, NOW + SLOT, None)]


@BOTH_DATABASES
def test_after_an_outage_of_a_day_a_stay_begins_with_new_slots() -> None:
    fill(1)
    assert run_slot(FEED, NOW) == 1
    for minutes in range(24 * 60, 24 * 60 + 10, 5):
        send(1, -minutes, now=minutes)
    day = NOW + 24 * HOUR + SLOT
    assert [run_slot(FEED, day), run_slot(FEED, day)] == [1, 0]
    assert [slot for _encounter, slot, _problem in rows(RECORDED)] == [NOW, day]
    assert rows(RECORDED)[1][2] is not None  # there are two slots, and yesterday's are not of this window
    assert now_known(day)[0].status == "not_scored"


def test_a_height_charted_at_admission_is_in_the_window_of_a_turn() -> None:
    fill(1)
    deleted: list[Observation] = [observation(None, minutes=5 * step, sign=HEIGHT, status="D") for step in range(20)]
    post(*deleted, now=NOW + MINUTE)
    post(observation(181.0, minutes=30 * 24 * 60, sign=HEIGHT), now=NOW + MINUTE)
    assert run_slot(FEED, NOW) == 1
    ((raw,),) = rows("SELECT window_raw FROM predictions")
    assert 181.0 in np.frombuffer(raw)


def test_a_value_that_is_dangerous_only_in_the_middle_of_a_slot_is_in_the_record() -> None:
    fill(1)
    post(observation(20.0, minutes=2), observation(21.0, minutes=1), now=NOW + MINUTE)
    run_slot(FEED, NOW)
    ((warnings,),) = rows("SELECT warnings FROM predictions")
    assert '"critical_value","sign":"MDC_ECG_HEART_RATE"' in warnings
