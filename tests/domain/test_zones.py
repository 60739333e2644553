"""Hours that a wrong time zone makes, and hours that it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fcv_api.domain.zones import hours_off, zone_is_doubtful


@pytest.mark.parametrize("hours", [-12, -5, -1, 1, 5, 5.75, 14])
def test_windows_as_far_off_as_a_zone_is_are_doubtful(hours: float) -> None:
    assert zone_is_doubtful(timedelta(hours=hours))


@pytest.mark.parametrize("minutes", [-20, 0, 7, 15, 40, 60 * 24 * 3])
def test_what_is_fresh_and_what_is_of_another_day_is_not(minutes: float) -> None:
    assert not zone_is_doubtful(timedelta(minutes=minutes))


def test_hours_are_told_as_old_or_ahead() -> None:
    assert hours_off(timedelta(hours=5)) == "5.0 hours old"
    assert hours_off(timedelta(hours=-1)) == "1.0 hours ahead"
