"""A clock that jumps deletes nothing."""

from __future__ import annotations

from fcv_api.domain.arrivals import MINUTE, Clock, Doubt

NOW = 100 * 60 * MINUTE
HOURS = 60 * MINUTE


def test_a_clock_that_goes_on_is_trusted() -> None:
    assert Clock(NOW).after(NOW + MINUTE, NOW).may_delete(NOW + 2 * MINUTE)


def test_a_clock_over_an_hour_past_the_last_arrival_is_not() -> None:
    assert Clock(NOW).may_delete(NOW + HOURS)
    assert not Clock(NOW).may_delete(NOW + HOURS + 1)


def test_a_clock_that_jumped_is_doubted_as_long_as_messages_say_another_time() -> None:
    clock = Clock(NOW)
    for minute in range(30):
        clock = clock.after(NOW + 2 * HOURS + minute * MINUTE, NOW + minute * MINUTE)
        assert not clock.may_delete(clock.newest_at)
    back = clock.after(NOW + 31 * MINUTE, NOW + 31 * MINUTE)
    assert not back.may_delete(back.newest_at)
    for minute in (32, 33, 34):
        back = back.after(NOW + minute * MINUTE, NOW + minute * MINUTE)
    assert back == Clock(NOW + 34 * MINUTE)


def test_after_an_outage_three_minutes_of_messages_suffice() -> None:
    clock = Clock(NOW)
    found = []
    for minute in range(5):
        now = NOW + 24 * HOURS + minute * MINUTE
        clock = clock.after(now, now)
        found.append(clock.may_delete(now))
    assert found == [False, False, False, True, True]


def test_why_a_clock_is_doubted_follows_what_arrives() -> None:
    quiet, later = Clock(NOW), NOW + HOURS + 1
    assert [quiet.doubt(NOW + HOURS), quiet.doubt(later)] == [None, Doubt.QUIET]
    contradicted = quiet.after(later, NOW)
    assert contradicted.doubt(later) is Doubt.CONTRADICTED
    agreeing = contradicted.after(later + MINUTE, later)
    assert agreeing.doubt(later + MINUTE) is Doubt.AGREEING
    assert agreeing.doubt(later + 2 * HOURS) is Doubt.QUIET
    assert agreeing.after(later + 4 * MINUTE, later + 4 * MINUTE).doubt(later + 4 * MINUTE) is None
