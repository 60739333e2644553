"""The figures of a policy, on stays that can be counted by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fcv_api.domain.policy import MINUTE, Assessment, Policy
from fcv_api.domain.prediction import State
from fcv_api.training.policy_burden import Assessed, Heard, Outcome, figures_of, rings_at_most

POLICY = Policy("ours", "1", 60, (), 0.5)


@dataclass(frozen=True)
class Known:
    """What became of an encounter."""

    state: State
    onset: np.datetime64 | None
    patient: str


def stay(number: int, ill: tuple[int, ...], hours: int = 12) -> list[Assessed]:
    """Return a stay with a window each five minutes, ill at some minutes."""
    found = []
    for minute in range(0, hours * 60, 5):
        shock = 0.9 if minute in ill else 0.0
        probabilities = dict.fromkeys(State, 0.0) | {State.CARDIOGENIC_SHOCK: shock, State.NONE_OF_THESE: 1 - shock}
        found.append(Assessed((number, 0), number, Assessment(minute * MINUTE, probabilities)))
    return found


def outcomes() -> dict[int, Outcome]:
    onset = np.datetime64(600 * MINUTE, "us")
    return {
        1: Known(State.CARDIOGENIC_SHOCK, onset, "p1"),
        2: Known(State.NONE_OF_THESE, None, "p2"),
    }


def test_alarms_onsets_found_and_lead_times_are_counted() -> None:
    heard = Heard.of(POLICY, [*stay(2, (100, 110, 400)), *stay(1, (100, 550, 560, 620))])
    figures = figures_of(heard, outcomes(), (0.1,))
    assert (figures["stays"], figures["patients"], figures["onsets"], figures["found"]) == (2, 2, 1, 1)
    assert figures["lead_minutes"] == [50.0] * 3
    assert figures["sensitivity_by_state"]["cardiogenic_shock"]["count"] == 1
    assert figures["whole_stays"]["alarms_per_patient_day"]["value"] == pytest.approx(5)  # 5 in 24 hours
    assert figures["raised_by_cause"] == {"cardiogenic_shock": 5}
    assert figures["drawn"]["ppv"]["value"] == pytest.approx(1 / 4)  # before onsets
    calm = (12 * 60 + 480) / 60 / 24
    assert figures["drawn"]["ppv_at_0.1_onsets_a_patient_day"]["value"] == pytest.approx(0.1 / (0.1 + 3 / calm))


def test_refusals_are_not_watched_and_stays_without_an_outcome_are_left_out() -> None:
    refused = Assessed((1, 0), 1, Assessment(0, None, (), refused=True))
    heard = Heard.of(POLICY, [refused, *stay(1, (100,)), *stay(3, (100,))])
    assert len(heard.at) == 2 * 144
    assert figures_of(heard, outcomes())["stays"] == 1
    assert "sensitivity" not in figures_of(heard, None)


def test_how_often_it_rings_is_compared_before_onsets() -> None:
    heard = Heard.of(POLICY, [*stay(1, (100, 620)), *stay(2, ())])  # one within 22 hours
    assert rings_at_most(heard, outcomes(), 1.1)
    assert not rings_at_most(heard, outcomes(), 1.0)


def test_stays_that_come_in_turn_are_told_apart() -> None:
    mixed = [each for pair in zip(stay(1, (100,)), stay(2, (100,)), strict=True) for each in pair]
    heard = Heard.of(POLICY, mixed)
    assert np.diff(heard.stay).tolist().count(1) == 1
    assert heard.rang.sum() == 2
