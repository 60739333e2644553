"""Clocks that jump by an hour: no bed is silent for it, none is left out, and no old score is shown as one of now."""

from __future__ import annotations

import pytest
from conftest import BOTH_DATABASES
from fed import FEED, fill
from memory import HOUR, MINUTE, NOW, observation, post, rows

from fcv_api.feed.beds import now_known
from fcv_api.feed.turns import run_slot

pytestmark = pytest.mark.usefixtures("empty_database")
SLOT = 5 * MINUTE
RECORDED = "SELECT slot, problem FROM predictions ORDER BY seq"


@BOTH_DATABASES
def test_a_database_clock_that_jumps_ahead_and_back_leaves_no_bed_out() -> None:
    fill(1)
    assert run_slot(FEED, NOW) == 1
    assert run_slot(FEED, NOW + HOUR + SLOT) == 0  # which is silent by that clock
    post(observation(minutes=-5), now=NOW + SLOT)
    assert run_slot(FEED, NOW + SLOT) == 1
    assert rows(RECORDED) == [(NOW, None), (NOW + SLOT, None)]


def test_where_all_clocks_jump_ahead_no_slot_is_scored_until_the_rows_agree() -> None:
    fill(1)
    jumped = NOW + HOUR + SLOT
    for minute in range(4):
        post(observation(minutes=-minute), now=jumped + minute * MINUTE)
    assert run_slot(FEED, jumped) == 0
    post(observation(minutes=-5), now=NOW + SLOT)
    assert run_slot(FEED, NOW + SLOT) == 1
    assert rows(RECORDED) == [(NOW + SLOT, None)]


def test_after_an_outage_of_an_hour_the_first_rows_that_agree_are_scored_at_once() -> None:
    fill(1)
    later = NOW + HOUR + SLOT
    post(*(observation(minutes=-5 * step) for step in range(14)), now=later)
    assert run_slot(FEED, later) == 1


@BOTH_DATABASES
def test_a_clock_that_is_set_back_records_nothing_twice_and_shows_no_old_score() -> None:
    fill(1)
    assert run_slot(FEED, NOW) == 1
    back = NOW - HOUR
    assert [run_slot(FEED, back), run_slot(FEED, NOW)] == [0, 0]
    (bed,) = now_known(back)
    assert (bed.status, bed.reason) == ("not_scored", "not-scored-yet")
    assert now_known(NOW + MINUTE)[0].status == "scored"
    assert post(observation(minutes=-5), now=back + SLOT) == {"future": 1}


def test_a_second_look_at_an_earlier_slot_scores_nothing() -> None:
    fill(1)
    post(observation(minutes=-5), now=NOW + SLOT)
    assert [run_slot(FEED, NOW + SLOT), run_slot(FEED, NOW)] == [1, 0]
