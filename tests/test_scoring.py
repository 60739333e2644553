"""Assessing: an encounter in, a prediction or a refusal out, as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import numpy as np
import pytest
from dense_rows import MONITORS, Monitor, encounter_of
from fakes import FakeModel
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import requests

from fcv_api import scoring
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import ModelOutput, TooFewInstants
from fcv_api.domain.evidence import Evidence
from fcv_api.domain.prediction import AnswerContext, ModelIdentity, Prediction, Refusal, State
from fcv_api.domain.quality import inspect
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.wire.encounter import EncounterSchema


def read(request: dict[str, Any]) -> Encounter:
    encounter: Encounter = EncounterSchema().load(request).read(UTC)
    return encounter


def test_a_prediction_names_its_encounter_its_model_and_the_most_probable_state(encounter: dict[str, Any]) -> None:
    outcome = scoring.assess(read(encounter | {"idAtencion": 42}), FakeModel())
    assert isinstance(outcome, Prediction)
    assert (outcome.encounter, str(outcome.model), outcome.state) == (42, "fake/1", State.NONE_OF_THESE)


def test_the_model_is_given_the_scaled_window(encounter: dict[str, Any]) -> None:
    model = FakeModel()
    outcome = scoring.assess(read(encounter), model).or_raise()
    (scaled,) = model.asked
    np.testing.assert_array_equal(scaled, model.spec.scale(outcome.window.raw))


def test_an_encounter_that_cannot_be_scored_is_a_value_and_the_model_is_not_asked(encounter: dict[str, Any]) -> None:
    encounter["valor"] = dict.fromkeys(encounter["valor"])
    model = FakeModel()
    outcome = scoring.assess(read(encounter), model)
    assert isinstance(outcome, Refusal)
    assert isinstance(outcome.reason, TooFewInstants)
    assert model.asked == []
    with pytest.raises(TooFewInstants):
        outcome.or_raise()


def test_outputs_that_are_no_probabilities_are_a_refusal(encounter: dict[str, Any]) -> None:
    outcome = scoring.assess(read(encounter), FakeModel(outputs=(np.nan,) * 4))
    assert isinstance(outcome, Refusal)
    assert isinstance(outcome.reason, ModelOutput)


@pytest.mark.parametrize("evidence", list(Evidence))
def test_a_model_without_real_patients_is_warned_of_where_asked(encounter: dict[str, Any], evidence: Evidence) -> None:
    model = FakeModel(identity=ModelIdentity("fake", "1", "0" * 64, evidence))
    warned = scoring.assess(read(encounter), model, AnswerContext(warn_unvalidated=True)).or_raise().warnings
    assert [each.code for each in warned] == ([] if evidence.validated else ["unvalidated_model"])
    assert scoring.assess(read(encounter), model).or_raise().warnings == ()


@given(request=requests(), minutes=st.sampled_from([2.5, 3.0, 5.0, 10.0]))
@settings(max_examples=60, deadline=None)
def test_a_window_as_sent_is_answered_as_it_always_was(request: dict[str, Any], minutes: float) -> None:
    encounter = read(request)
    start = encounter.instants.min()
    encounter = replace(encounter, instants=start + (encounter.instants - start) * minutes // 5)
    outcome = scoring.assess(encounter, FakeModel()).or_raise()
    window = extract_window(encounter, WindowSpec())
    assert outcome.window.raw.tobytes() == window.raw.tobytes()
    assert outcome.window.instants.tobytes() == window.instants.tobytes()
    assert outcome.warnings == inspect(encounter, window, WindowSpec())
    assert "resampled" not in {each.code for each in outcome.warnings}


@pytest.mark.parametrize("monitor", MONITORS.values(), ids=MONITORS)
def test_rows_that_are_too_dense_are_answered_by_slots(monitor: Monitor) -> None:
    model, table = FakeModel(), monitor.table()
    outcome = scoring.assess(encounter_of(table), model).or_raise()
    wanted = table.pivot_table(index="time", columns="sign", values="value", aggfunc="mean")
    wanted = wanted.resample("300s", closed="right", label="right", origin=table["time"].max()).last().ffill()
    np.testing.assert_array_equal(outcome.window.raw, wanted.tail(20).to_numpy())
    np.testing.assert_array_equal(model.asked[0], model.spec.scale(outcome.window.raw))


def test_too_few_slots_are_a_refusal_and_the_model_is_not_asked() -> None:
    model = FakeModel()
    outcome = scoring.assess(encounter_of(Monitor(timedelta(minutes=1), minutes=60).table()), model)
    assert isinstance(outcome, Refusal)
    assert isinstance(outcome.reason, TooFewInstants)
    assert (outcome.reason.have, model.asked) == (12, [])
