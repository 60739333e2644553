"""Alarms: silence after each, and thresholds that keep a rate."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.training.alarms import Watch


def watch(scores: list[float], onset: float | None = None) -> Watch:
    """Watch one encounter every 5 minutes; the onset is so many minutes after its first window."""
    minute = np.arange(0.0, 5.0 * len(scores), 5.0, dtype=np.float64)
    lead = (np.nan if onset is None else np.float64(onset)) - minute
    number = np.zeros(len(scores), dtype=np.int64)
    return Watch(np.array(scores), number, minute, lead, number, number.astype(str))


def test_an_encounter_is_silent_for_30_minutes_after_an_alarm() -> None:
    assert watch([1.0] * 14).alarms(0.5).tolist() == [0, 6, 12]


def test_another_encounter_rings_at_once() -> None:
    number = np.array([1, 2])
    both = Watch(np.ones(2), number, np.array([0.0, 5.0]), np.full(2, np.nan), number, number.astype(str))
    assert both.alarms(0.5).tolist() == [0, 1]


def test_each_window_stands_for_the_time_to_the_next() -> None:
    assert watch([0.0] * 24).hours == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=2, max_size=150), st.sampled_from([0.05, 0.2, 1.0]))
def test_a_threshold_never_rings_more_often_than_it_may(scores: list[int], rate: float) -> None:
    watched = watch([float(each) for each in scores])
    assert len(watched.alarms(watched.threshold_for(rate))) <= rate * watched.hours
