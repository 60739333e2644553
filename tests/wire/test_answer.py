"""`/predict`'s answer: exactly the keys that clients depend on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from fcv_api.domain.prediction import ModelIdentity, Prediction, State
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Window
from fcv_api.domain.words import ScoreWarning
from fcv_api.wire.answer import PredictionSchema

PROBABILITIES = {
    State.CARDIAC_ARREST: 0.1,
    State.LOW_CARDIAC_OUTPUT: 0.2,
    State.NONE_OF_THESE: 0.3,
    State.CARDIOGENIC_SHOCK: 0.4,
}
LAST = datetime(2024, 3, 3, 9, 30)  # noqa: DTZ001 - as sent


def answer(probabilities: dict[State, float] = PROBABILITIES, *warnings: ScoreWarning) -> dict[str, Any]:
    instants = np.full(20, np.datetime64(LAST, "us"))
    measured = np.ones((20, 9), dtype=np.bool_)
    last_measured = np.full(9, instants[-1])
    window = Window(np.zeros((20, 9)), measured, last_measured, instants, SIGN_NAMES, first=LAST, last=LAST)
    prediction = Prediction(5501, probabilities, window, ModelIdentity("fake", "1", "0" * 64), warnings)
    dumped: dict[str, Any] = PredictionSchema().dump(prediction)
    return dumped


def test_an_answer_is_exactly_these_keys() -> None:
    inferences = {"Arresto_Cardiaco": 0.1, "Bajo_Gasto_Cardiaco": 0.2, "Sano": 0.3, "Shock_Cardiogenico": 0.4}
    assert answer() == {"idAtencion": 5501, "inferences": inferences, "State": "Shock_cardiogenico"}


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State.CARDIAC_ARREST, "Arresto_cardiaco"),
        (State.LOW_CARDIAC_OUTPUT, "Bajo_gasto_cardiaco"),
        (State.NONE_OF_THESE, "Sano"),
        (State.CARDIOGENIC_SHOCK, "Shock_cardiogenico"),
    ],
)
def test_the_state_is_the_largest_probability_in_the_spelling_of_old_clients(state: State, name: str) -> None:
    assert answer(dict.fromkeys(State, 0.2) | {state: 0.4})["State"] == name


def test_there_is_no_threshold() -> None:
    assert answer(dict.fromkeys(State, 0.2499) | {State.CARDIAC_ARREST: 0.2503})["State"] == "Arresto_cardiaco"


def test_warnings_are_listed_when_there_are_any() -> None:
    warning = ScoreWarning("stale", None, "6 minutes old.", "De hace 6 minutos.", {"minutes": 6})
    wanted = {"code": "stale", "sign": None, "detail": "6 minutes old.", "detail_es": "De hace 6 minutos."}
    assert answer(PROBABILITIES, warning)["warnings"] == [wanted | {"figures": {"minutes": 6.0}}]


def test_the_model_may_order_its_classes_otherwise() -> None:
    backwards = dict(reversed(PROBABILITIES.items()))
    assert answer(backwards) == answer()
