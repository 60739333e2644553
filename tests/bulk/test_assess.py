"""Every window of an encounter: as if the service had been asked at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import FIXTURES
from dense_rows import MONITORS, Monitor, encounter_of, spoilt_dense
from fakes import FakeModel
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Request, requests

from fcv_api import scoring
from fcv_api.bulk.assess import OFFLINE, assess_each, assess_last
from fcv_api.domain.encounter import Encounter, UnknownUnit, pivot
from fcv_api.domain.errors import TooFewInstants
from fcv_api.domain.prediction import Prediction, Refusal, Scorer
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import PopulationScaling, WindowSpec
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.training.dataset import Cohort
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.wire.encounter import EncounterSchema

BOGOTA = ZoneInfo("America/Bogota")
Told = tuple[Any, ...]


@pytest.fixture(scope="module")
def model() -> Scorer:
    return Registry(Path("models")).load(SHIPPED)


def read(request: Request) -> Encounter:
    encounter: Encounter = EncounterSchema().load(request).read(BOGOTA)
    return encounter


def one_by_one(encounter: Encounter, model: Scorer) -> list[Told]:
    """Ask about each prefix of an encounter."""
    instants, _ = pivot(encounter)
    ends = instants[min(len(instants), model.spec.instants) - 1 :] if len(instants) else [np.datetime64("NaT")]
    return [told(scoring.assess(encounter.until(end), model, OFFLINE)) for end in ends]


def told(outcome: Prediction | Refusal) -> Told:
    if isinstance(outcome, Refusal):
        return type(outcome.reason), str(outcome.reason)
    window = outcome.window.instants
    return tuple(outcome.probabilities.values()), outcome.warnings, window[0], window[-1]


def all_at_once(encounter: Encounter, model: Scorer) -> list[Told]:
    scores = assess_each(encounter, model)
    return [
        (type(scores.refusals[at]), str(scores.refusals[at]))
        if at in scores.refusals
        else (tuple(scores.probabilities[at].tolist()), scores.warnings[at], scores.first[at], scores.last[at])
        for at in range(len(scores))
    ]


@pytest.mark.parametrize("number", [5501, 5502])
def test_each_window_of_a_golden_encounter_is_scored_as_its_prefix_is(model: Scorer, number: int) -> None:
    encounter = read(json.loads((FIXTURES / f"encounter_{number}.json").read_bytes()))
    found = all_at_once(encounter, model)
    assert len(found) > 100
    assert found == one_by_one(encounter, model)


@given(request=requests())
@settings(max_examples=12, deadline=None)
def test_each_window_of_a_messy_encounter_is_scored_as_its_prefix_is(model: Scorer, request: Request) -> None:
    encounter = read(request)
    assert all_at_once(encounter, model) == one_by_one(encounter, model)


@cache
def simulated(count: int) -> Cohort:
    return cohort_of(simulate(count, seed=11))


SICK = (2, 5, 9, 11, 12, 13, 16, 18)
"""Which simulated stays draw each warning that one draws."""


def test_each_window_of_sick_patients_is_scored_and_warned_of_as_its_prefix_is(model: Scorer) -> None:
    codes = set()
    for encounter in [simulated(19).encounters[number] for number in SICK]:
        found = all_at_once(encounter, model)
        assert found == one_by_one(encounter, model)
        codes |= {warning.code for each in found if len(each) > 2 for warning in each[1]}
    assert codes >= {"critical_value", "unusual_value", "filled", "undecided", "unvalidated_model"}
    assert codes >= {"asystole", "level", "not_entered", "several_signs", "trend"}


@st.composite
def spoilt(draw: st.DrawFn) -> Encounter:
    """Spoil a simulated stay: holes, doubles, values out of all limits, jumps of the clock, units of no table."""
    encounter = draw(st.sampled_from(simulated(6).encounters))
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kept = dice.random(len(encounter.values)) >= draw(st.sampled_from([0.0, 0.3, 0.8]))
    kept &= ~((encounter.signs == dice.integers(9)) & (dice.random() < 0.5))
    doubled = np.concatenate([np.flatnonzero(kept), np.flatnonzero(dice.random(len(kept)) < 0.02)])
    signs, values, instants = encounter.signs[doubled], encounter.values[doubled], encounter.instants[doubled]
    values = values + np.where(dice.random(len(values)) < 0.03, dice.normal(0, 60, len(values)), 0)
    values = np.where(dice.random(len(values)) < 0.01, -5.0, values)
    constant = (signs == dice.integers(9)) & (dice.random() < 0.3)
    values = np.where(constant & (signs != 6), 80.0, values)
    jump = instants > instants[dice.integers(len(instants))]
    instants = instants + jump * np.timedelta64(int(draw(st.sampled_from([0, 0, 40, 400]))), "m")
    unknown = (UnknownUnit(7, "odd", instants[dice.integers(len(instants))]),) if dice.random() < 0.3 else ()
    given = replace(encounter, signs=signs, values=values, instants=instants, zone=BOGOTA, unknown=unknown)
    return given.without_noise()


@given(encounter=spoilt())
@settings(max_examples=12, deadline=None)
def test_each_window_of_a_spoilt_encounter_is_as_its_prefix_is(encounter: Encounter) -> None:
    model = FakeModel(spec=WindowSpec(signs=tuple(reversed(SIGN_NAMES))))
    assert all_at_once(encounter, model) == one_by_one(encounter, model)


def test_a_model_that_scales_by_its_population_is_given_the_same_windows() -> None:
    scale = PopulationScaling(tuple(range(1, 10)), tuple(range(2, 11)))
    together, apart = (FakeModel(spec=WindowSpec(scale=scale)) for _ in range(2))
    encounter = simulated(1).encounters[0]
    assess_each(encounter, together)
    one_by_one(encounter, apart)
    assert [each.tobytes() for each in together.asked] == [each.tobytes() for each in apart.asked]


@pytest.mark.parametrize("outputs", [(np.nan,) * 4, (0.1, 0.2, 0.6, 0.1021), (1.2, -0.2, 0.0, 0.0)])
def test_outputs_that_are_no_probabilities_are_refused_in_each_window(outputs: tuple[float, ...]) -> None:
    encounter = simulated(1).encounters[0]
    model = FakeModel(outputs=outputs)
    found = all_at_once(encounter, model)
    assert found == one_by_one(encounter, model)
    assert {each[0].__name__ for each in found} == {"ModelOutput"}


def test_an_encounter_without_a_window_is_one_row_with_its_reason(model: Scorer) -> None:
    encounter = simulated(1).encounters[0]
    short = encounter.until(np.sort(encounter.instants)[0])
    scores = assess_each(short, model)
    assert (len(scores), np.isnat(scores.last[0])) == (1, True)
    assert isinstance(scores.refusals[0], TooFewInstants)


def test_the_last_window_is_what_the_service_says(model: Scorer) -> None:
    encounter = simulated(1).encounters[0]
    scores = assess_last(encounter, model)
    outcome = scoring.assess(encounter, model, OFFLINE).or_raise()
    assert scores.probabilities.tolist() == [list(outcome.probabilities.values())]
    assert scores.warnings == [outcome.warnings]


@pytest.mark.parametrize("monitor", MONITORS.values(), ids=MONITORS)
def test_each_window_of_dense_rows_is_scored_as_its_prefix_is(model: Scorer, monitor: Monitor) -> None:
    encounter = encounter_of(replace(monitor, minutes=125).table(), BOGOTA)
    found = all_at_once(encounter, model)
    assert found == one_by_one(encounter, model)
    assert found[-1] == told(scoring.assess(encounter, model, OFFLINE))
    assert "resampled" in {warning.code for warning in found[-1][1]}


@given(encounter=spoilt_dense(), sampling=st.sampled_from(Sampling))
@settings(max_examples=12, deadline=None)
def test_each_window_of_spoilt_dense_rows_is_as_its_prefix_is(encounter: Encounter, sampling: Sampling) -> None:
    model = FakeModel(spec=WindowSpec(signs=tuple(reversed(SIGN_NAMES)), sampling=sampling))
    assert all_at_once(encounter, model) == one_by_one(encounter, model)
