"""A clock that is doubted is said, with what to do."""

from __future__ import annotations

import pytest
from memory import HOUR, MINUTE, NOW, observation, post

from fcv_api.domain.arrivals import Doubt
from fcv_api.feed.clock import doubted

pytestmark = pytest.mark.usefixtures("empty_database")


def test_a_clock_of_which_nothing_is_known_or_that_goes_on_is_not_doubted() -> None:
    assert doubted(NOW) is None
    post(observation())
    assert doubted(NOW + HOUR) is None


def test_an_hour_without_a_row_is_said_and_counts_for_twelve_hours() -> None:
    post(observation())
    found = doubted(NOW + 2 * HOUR)
    assert found is not None
    assert (found.reason, found.newest_at, found.is_new) == (Doubt.QUIET, NOW, True)
    assert "Nothing has arrived since 2024-03-03 09:30 UTC, and the clock shows 2024-03-03 11:30 UTC" in found.detail
    assert "nothing is deleted" in found.detail
    old = doubted(NOW + 13 * HOUR)
    assert old is not None
    assert not old.is_new


def test_rows_that_contradict_the_clock_are_said_and_then_that_they_agree() -> None:
    post(observation())
    jumped = NOW + 2 * HOUR
    post(observation(minutes=-1), now=jumped)
    found = doubted(jumped)
    assert found is not None
    assert (found.reason, found.is_new, "over an hour from that" in found.detail) == (Doubt.CONTRADICTED, True, True)
    post(observation(minutes=-121), now=jumped + MINUTE)
    found = doubted(jumped + MINUTE)
    assert found is not None
    assert (found.reason, found.is_new, "since 11:31:00 UTC" in found.detail) == (Doubt.AGREEING, False, True)
