"""Burden: which onsets an alarm announced, how long before, and what an alarm is worth where onsets are rarer."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import Watch
from fcv_api.training.burden import at_rate, share
from fcv_api.training.dataset import NONE

LOW = CLASSES.index(State.LOW_CARDIAC_OUTPUT)


def watch(scores: list[float], onset: float | None = None, encounters: int = 1) -> Watch:
    """Watch encounters every 5 minutes, all alike; the onset is so many minutes after the first window."""
    minute = np.arange(0.0, 5.0 * len(scores), 5.0, dtype=np.float64)
    lead = (np.nan if onset is None else np.float64(onset)) - minute
    number = np.repeat(np.arange(encounters), len(scores))
    state = np.full(len(number), NONE if onset is None else LOW)
    many = (np.tile(each, encounters) for each in (np.array(scores), minute, lead))
    score, minutes, leads = many
    return Watch(score, number, minutes, leads, state, number.astype(str))


def told(watched: Watch, rate: float = 0.3) -> dict[str, object]:
    """Return the figures at one rate, where the whole stays are what was watched."""
    return at_rate(watched, watched, rate)


def scores(*alarms: int) -> list[float]:
    """Return four hours of scores that are high at some windows."""
    return [float(place in alarms) for place in range(48)]


def test_an_onset_is_found_by_an_alarm_in_the_two_hours_before_it() -> None:
    found = told(watch(scores(40), onset=240))  # 200 minutes after the first window
    assert (found["onsets"], found["found"], found["sensitivity"], found["leads"]) == (1, 1, 1.0, [40.0])
    assert found["alarms_per_patient_hour"] == pytest.approx(0.25)


def test_an_alarm_long_before_the_onset_does_not_find_it() -> None:
    found = told(watch(scores(10), onset=240))
    assert (found["sensitivity"], found["false_alarms"], found["lead_minutes"]) == (0.0, 1.0, [])


@pytest.mark.parametrize(("window", "at_15", "at_30"), [(46, 0, 0), (44, 1, 0), (40, 1, 1)])
def test_an_onset_counts_as_found_so_many_minutes_ahead_only_by_its_first_alarm(
    window: int, at_15: int, at_30: int
) -> None:
    found = told(watch(scores(window), onset=240))["found_ahead"]
    assert isinstance(found, dict)
    assert (found["15"]["count"], found["30"]["count"]) == (at_15, at_30)


def test_sensitivity_is_given_by_the_state_that_came() -> None:
    by_state = told(watch(scores(40), onset=240))["sensitivity_by_state"]
    assert isinstance(by_state, dict)
    assert (by_state["low_cardiac_output"]["count"], by_state["low_cardiac_output"]["of"]) == (1, 1)
    assert by_state["cardiac_arrest"]["of"] == 0
    assert np.isnan(by_state["cardiac_arrest"]["value"])


def test_an_interval_of_a_share_is_wilsons() -> None:
    found = share(8, 10)
    assert (found["low"], found["high"]) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_a_rarer_onset_makes_an_alarm_worth_less_by_the_alarms_that_are_false_anyway() -> None:
    many = told(watch(scores(10, 40), onset=240, encounters=5), rate=0.6)["drawn"]
    assert isinstance(many, dict)
    assert many["ppv"]["value"] == 0.5
    calm_days = (48 - 24) * 5 / 60 / 24  # of one encounter, without an onset in two hours
    for rate in (0.1, 0.02):
        right = rate * 1 / (rate * 1 + 1 / calm_days)
        assert many[f"ppv_at_{rate:g}_onsets_a_patient_day"]["value"] == pytest.approx(right)


def test_a_whole_stay_goes_on_ringing_after_the_onset() -> None:
    before, whole = watch(scores(40)), watch(scores(40) + [1.0] * 48)
    rung = at_rate(before, whole, 0.3)["whole_stays"]
    assert rung["stays_that_ring"]["count"] == 1
    assert rung["alarms_per_patient_day"]["value"] == pytest.approx(9 / 8 * 24)


def test_patients_who_all_ring_alike_leave_no_doubt_of_the_rate() -> None:
    rate = told(watch(scores(40), onset=240, encounters=4))["drawn"]
    assert isinstance(rate, dict)
    alarms = rate["alarms_per_patient_day"]
    assert alarms["low"] == pytest.approx(alarms["high"]) == pytest.approx(alarms["value"])
