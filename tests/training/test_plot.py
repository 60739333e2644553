"""What is drawn of an encounter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api.domain.window import History, WindowSpec
from fcv_api.training.dataset import UnusableData
from fcv_api.training.plot import draw, roll
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_request


@pytest.fixture
def history() -> History:
    """Give the example's 20 instants."""
    return History.of(EncounterSchema().load(example_request()).read(UTC))


def test_a_model_is_asked_at_each_instant_of_what_was_known_then(history: History) -> None:
    model = FakeModel(spec=WindowSpec(instants=18, scale=lambda raw: raw))
    course = roll(history, model)
    assert np.isnan(course.probabilities[:, 0]).tolist() == [True] * 17 + [False] * 3
    np.testing.assert_array_equal(model.asked[0], history.measured[:18])
    np.testing.assert_array_equal(course.probabilities[-1], model.outputs)


def test_an_answer_that_is_no_probability_is_not_drawn(history: History) -> None:
    course = roll(history, FakeModel(outputs=(0.9, 0.9, 0.9, 0.9)))
    assert np.isnan(course.probabilities).all()


def test_each_moving_sign_has_a_panel_above_the_four_probabilities(history: History) -> None:
    figure = draw(history, None, roll(history, FakeModel()))
    *signs, beneath = figure.axes
    assert [len(axes.lines) for axes in signs] == [1] * 7
    assert len(beneath.lines) == 4
    np.testing.assert_array_equal(signs[1].lines[0].get_ydata(), history.measured[:, 1])


def test_the_onset_is_a_line_through_all_panels(history: History) -> None:
    onset = history.instants[0] + np.timedelta64(60, "m")
    figure = draw(history, onset, roll(history, FakeModel()))
    assert {float(np.asarray(axes.lines[-1].get_xdata())[0]) for axes in figure.axes} == {1.0}


def test_an_encounter_without_a_measurement_cannot_be_drawn(history: History) -> None:
    none = History.of(replace(history.encounter, values=np.full_like(history.encounter.values, np.nan)))
    with pytest.raises(UnusableData, match="no measurement"):
        draw(none, None, roll(none, FakeModel()))
