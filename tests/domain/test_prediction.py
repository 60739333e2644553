"""What a model's outputs become."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api.domain.errors import ModelOutput
from fcv_api.domain.prediction import State, probabilities_of


def test_outputs_are_named_by_the_models_own_order() -> None:
    model = FakeModel(classes=tuple(reversed(State)))
    named = probabilities_of(np.array([0.1, 0.2, 0.3, 0.4]), model)
    assert named[State.CARDIAC_ARREST] == 0.4
    assert named[State.CARDIOGENIC_SHOCK] == 0.1


@pytest.mark.parametrize(
    "outputs",
    [[np.nan, 0.5, 0.5, 0.0], [np.inf, 0, 0, 0], [0.3, 0.3, 0.3, 0.3], [0.5, 0.5, 0.5, -0.5], [0.5, 0.5], [0, 0, 0, 0]],
    ids=["nan", "infinite", "sum over 1", "negative", "two classes", "zeros"],
)
def test_what_is_no_probability_never_becomes_a_class(outputs: list[float]) -> None:
    with pytest.raises(ModelOutput, match="fake/1"):
        probabilities_of(np.array(outputs), FakeModel())


def test_a_sum_within_a_thousandth_is_rounding() -> None:
    assert probabilities_of(np.array([0.2504, 0.25, 0.25, 0.25]), FakeModel())
