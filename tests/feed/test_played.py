"""A played stay in the memory of beds: whatever goes wrong on the way, what is held and scored is the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from conftest import BOTH_DATABASES
from fed import FEED
from memory import MINUTE, NOW, rows

from fcv_api.domain.observations import Posted
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.feed.turns import run_slot
from fcv_api.training.gateway import Faults, Play, Post, schedule
from fcv_api.training.simulate import Stay, simulate

pytestmark = pytest.mark.usefixtures("empty_database")
CALM = Play(NOW - 104 * MINUTE, 104, seed=2, channel="1.1", beds="CALM-")
SPOILT = replace(CALM, faults=Faults(0.2, 0.0, 0.2, 0.2, 0.2), beds="SPOILT-")
HELD = "SELECT sign, at, channel, name, value FROM observations WHERE encounter = ? ORDER BY sign, at"


@pytest.fixture(scope="module")
def stay() -> Stay:
    return next(each for each in simulate(20, seed=2) if len(each.instants) > 60)


def arrive(posts: Iterable[Post]) -> dict[str, int]:
    """Store each post at its time, and return what was counted in all."""
    total = dict.fromkeys(store.COUNTS, 0)
    for at, posted in posts:
        (taken,) = store.store([posted], Arrival("api:ana", at, at, 12))
        assert not taken.other_source
        total = {name: total[name] + taken.counts[name] for name in total}
    return total


@BOTH_DATABASES
def test_late_repeated_corrected_and_swapped_rows_leave_what_the_calm_order_does(stay: Stay) -> None:
    calm = arrive(schedule(stay, replace(CALM, minutes=20)))
    spoilt = arrive(schedule(replace(stay, id=stay.id + 1), replace(SPOILT, minutes=20)))
    assert calm == dict.fromkeys(calm, 0) | {"new": len(rows(HELD, stay.id))}
    assert spoilt["new"] == calm["new"]
    assert min(spoilt["same"], spoilt["replaced"]) > 10
    assert spoilt["too_old"] == spoilt["future"] == spoilt["deleted"] == 0
    assert rows(HELD, stay.id) == rows(HELD, stay.id + 1)


def test_it_is_scored_as_what_came_at_once_to_the_last_bit(stay: Stay) -> None:
    whole = [each for post in schedule(stay, CALM) for each in post.posted.observations]
    arrive([Post(NOW, Posted(stay.id, whole))])
    arrive(schedule(replace(stay, id=stay.id + 1), SPOILT))
    assert run_slot(FEED, NOW) == 2
    scores = rows("SELECT problem, window_raw, probabilities, state, warnings FROM predictions ORDER BY encounter")
    assert scores[0] == scores[1]
    assert scores[0][0] is None


def test_of_lost_rows_nothing_is_held_and_of_the_others_what_is_right(stay: Stay) -> None:
    arrive(schedule(stay, replace(CALM, minutes=20)))
    lossy = replace(SPOILT, minutes=20, faults=replace(SPOILT.faults, lost=0.3))
    posts = list(schedule(replace(stay, id=stay.id + 1), lossy))
    arrive(posts)
    sent = {each.key for post in posts for each in post.posted.observations}
    whole = rows(HELD, stay.id)
    assert 0 < len(sent) < 0.9 * len(whole)
    held = [row for row in whole if (row[0], row[1], row[2], row[3]) in sent]
    assert rows(HELD, stay.id + 1) == held
