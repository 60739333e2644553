"""Assessing: an encounter in, a prediction or a refusal out, as values."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api import scoring
from fcv_api.domain.circumstances import Circumstances
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import ModelOutput, TooFewInstants
from fcv_api.domain.prediction import Evidence, ModelIdentity, Prediction, Refusal, State
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
    warned = scoring.assess(read(encounter), model, Circumstances(warn_unvalidated=True)).or_raise().warnings
    assert [each.code for each in warned] == ([] if evidence.validated else ["unvalidated_model"])
    assert scoring.assess(read(encounter), model).or_raise().warnings == ()
