"""The breaker: nobody waits for what somebody has just waited for in vain."""

from __future__ import annotations

import pytest

from fcv_api.extensions import breaker
from fcv_api.extensions.breaker import Breaker


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the clock's time, to change."""
    time = [1000.0]
    monkeypatch.setattr(breaker, "monotonic", lambda: time[0])
    return time


def test_all_may_try_while_all_goes_well() -> None:
    one = Breaker()
    assert all(one.may_try() for _ in range(3))
    one.settle(failed=False)
    assert one.may_try()


def test_nobody_waits_right_after_a_failure(now: list[float]) -> None:
    one = Breaker()
    one.settle(failed=True)
    now[0] += breaker.PAUSE - 0.01
    assert not one.may_try()


def test_after_the_pause_one_tries_and_the_others_are_refused_until_it_knows(now: list[float]) -> None:
    one = Breaker()
    one.settle(failed=True)
    now[0] += breaker.PAUSE + 0.01
    assert [one.may_try() for _ in range(3)] == [True, False, False]
    one.settle(failed=False)
    assert [one.may_try() for _ in range(3)] == [True, True, True]


def test_a_trial_that_fails_begins_another_pause(now: list[float]) -> None:
    one = Breaker()
    one.settle(failed=True)
    now[0] += breaker.PAUSE + 0.01
    assert one.may_try()
    one.settle(failed=True)
    assert not one.may_try()


def test_a_trial_that_never_ends_keeps_the_others_out_for_some_seconds_only(now: list[float]) -> None:
    one = Breaker()
    one.settle(failed=True)
    now[0] += breaker.PAUSE + 0.01
    assert one.may_try()
    now[0] += breaker.LONGEST_TRIAL + 0.01
    assert one.may_try()


def test_where_more_failures_are_borne_only_those_in_a_row_count(now: list[float]) -> None:
    one = Breaker(pause=10.0, failures=3)
    for failed in (True, True, False, True, True):
        one.settle(failed=failed)
        assert one.may_try()
    one.settle(failed=True)
    assert (one.may_try(), one.seconds()) == (False, 10.0)
    now[0] += 10.01
    assert [one.may_try() for _ in range(2)] == [True, False]
    one.settle(failed=True)
    assert one.seconds() == 10.0
    now[0] += 10.01
    assert one.may_try()
    one.settle(failed=False)
    assert (one.may_try(), one.seconds()) == (True, 0.0)
