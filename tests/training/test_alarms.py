"""Alarms: silence after each, and thresholds that keep a rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.training.alarms import Watch, at_rate


def watch(scores: list[float], onset: float | None = None) -> Watch:
    """Watch one encounter every 5 minutes; the onset is so many minutes after its first window."""
    minute = np.arange(0.0, 5.0 * len(scores), 5.0, dtype=np.float64)
    lead = (np.nan if onset is None else np.float64(onset)) - minute
    return Watch(np.array(scores), np.zeros(len(scores), dtype=np.int64), minute, lead)


def test_an_encounter_is_silent_for_30_minutes_after_an_alarm() -> None:
    assert watch([1.0] * 14).alarms(0.5).tolist() == [0, 6, 12]


def test_another_encounter_rings_at_once() -> None:
    both = Watch(np.ones(2), np.array([1, 2]), np.array([0.0, 5.0]), np.full(2, np.nan))
    assert both.alarms(0.5).tolist() == [0, 1]


def test_each_window_stands_for_the_time_to_the_next() -> None:
    assert watch([0.0] * 24).hours == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=2, max_size=150), st.sampled_from([0.05, 0.2, 1.0]))
def test_a_threshold_never_rings_more_often_than_it_may(scores: list[int], rate: float) -> None:
    watched = watch([float(each) for each in scores])
    assert len(watched.alarms(watched.threshold_for(rate))) <= rate * watched.hours


def test_an_onset_is_found_by_an_alarm_in_the_two_hours_before_it() -> None:
    scores = [0.0] * 48
    scores[40] = 1.0  # 200 minutes after the first window
    told = at_rate(watch(scores, onset=240), rate=0.3)
    assert (told["onsets"], told["found"], told["sensitivity"]) == (1, 1, 1.0)
    assert told["leads"] == [40.0]
    assert told["alarms_per_patient_hour"] == pytest.approx(0.25)


def test_an_alarm_long_before_the_onset_does_not_find_it() -> None:
    scores = [0.0] * 48
    scores[10] = 1.0
    told = at_rate(watch(scores, onset=240), rate=0.3)
    assert (told["sensitivity"], told["false_alarms"], told["lead_minutes"]) == (0.0, 1.0, [])
