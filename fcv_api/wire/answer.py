"""`/predict`'s answer. State and keys differ in case: clients depend on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, pre_dump

from fcv_api.domain.prediction import Prediction, State
from fcv_api.wire.service import ProblemSchema

INFERENCE_KEYS = {
    State.CARDIAC_ARREST: "Arresto_Cardiaco",
    State.LOW_CARDIAC_OUTPUT: "Bajo_Gasto_Cardiaco",
    State.NONE_OF_THESE: "Sano",
    State.CARDIOGENIC_SHOCK: "Shock_Cardiogenico",
}
STATE_NAMES = {
    State.CARDIAC_ARREST: "Arresto_cardiaco",
    State.LOW_CARDIAC_OUTPUT: "Bajo_gasto_cardiaco",
    State.NONE_OF_THESE: "Sano",
    State.CARDIOGENIC_SHOCK: "Shock_cardiogenico",
}
STATE = {
    "enum": list(STATE_NAMES.values()),
    "description": "The largest probability, with no threshold. *Sano* means none of the other three, **not healthy**.",
}
WARNINGS = {"description": "Present only when there is one. Show it wherever `State` is shown."}
ALERT = {"description": "Present only while an alert of the active policy holds; see docs/alerts.md."}
FIGURE = {"oneOf": [{"type": "number"}, {"type": "string"}]}
FIGURES = {
    "description": "The numbers of the sentence, by name; in the memory of beds `channel` as text: docs/warnings.md "
    "lists them by code. Not in older records.",
    "example": {"filled": 9, "of": 20, "minutes": 45},
}


class FigureField(fields.Field[float | str]):
    """A number, or a channel's name."""

    def _serialize(self, value: Any, *_given: Any, **_kwargs: Any) -> float | str | None:  # noqa: ANN401
        return value if value is None or isinstance(value, str) else float(value)


def _probability(description: str) -> fields.Float:
    bounds = {"minimum": 0, "maximum": 1}
    return fields.Float(required=True, metadata={"description": description, **bounds})


class InferencesSchema(Schema):
    """The probability of each state; they sum to 1."""

    Arresto_Cardiaco = _probability("Cardiac arrest")
    Bajo_Gasto_Cardiaco = _probability("Low cardiac output")
    Sano = _probability("None of the other three. It does not mean healthy.")
    Shock_Cardiogenico = _probability("Cardiogenic shock")


class WarningSchema(Schema):
    """Something to be read before the score."""

    code = fields.String(
        required=True, metadata={"description": "See docs/api.md; more may come.", "example": "filled"}
    )
    sign = fields.String(required=True, allow_none=True)
    detail = fields.String(
        required=True, metadata={"description": "A sentence for people, to be read before the score."}
    )
    detail_es = fields.String(
        metadata={"description": "The same sentence in Spanish. Not in records made before there was one."}
    )
    figures = fields.Dict(keys=fields.String(), values=FigureField(metadata=FIGURE), metadata=FIGURES)


class AlertSchema(Schema):
    """An alert that holds. Times are in UTC."""

    policy = fields.String(required=True, metadata={"example": "fcv-sim-score/1.0.0"})
    cause = fields.String(
        required=True,
        metadata={
            "description": "A state as `State` writes it, or a warning as `code:sign`.",
            "example": "critical_value:MDC_ECG_HEART_RATE",
        },
    )
    raised_at = fields.String(required=True, metadata={"description": "When it was raised last."})
    new = fields.Boolean(required=True, metadata={"description": "It was raised by this very window."})
    silenced_until = fields.String(
        required=True, metadata={"description": "Until then its cause is not raised again: docs/alerts.md"}
    )


class PredictionSchema(Schema):
    """What the model says of one encounter's last window."""

    idAtencion = fields.Integer(required=True)  # noqa: N815
    inferences = fields.Nested(InferencesSchema, required=True)
    State = fields.String(required=True, metadata=STATE)
    warnings = fields.List(fields.Nested(WarningSchema), metadata=WARNINGS)
    alert = fields.Nested(AlertSchema, metadata=ALERT)

    @pre_dump
    def _by_wire_names(self, prediction: Prediction, **_kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        return by_wire_names(prediction)


def by_wire_names(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction's parts by their names on the wire."""
    answer: dict[str, Any] = {
        "idAtencion": prediction.encounter,
        "inferences": {INFERENCE_KEYS[s]: p for s, p in prediction.probabilities.items()},
        "State": STATE_NAMES[prediction.state],
    }
    if prediction.warnings:
        answer["warnings"] = prediction.warnings
    return answer


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one encounter of a batch was not scored. error: the problem that `/predict` would answer with."""

    encounter: int
    error: dict[str, Any]


class ResultSchema(Schema):
    """One encounter of a batch: what `/predict` answers, or `error`."""

    idAtencion = fields.Integer(required=True)  # noqa: N815
    inferences = fields.Nested(InferencesSchema)
    State = fields.String(metadata=STATE)
    warnings = fields.List(fields.Nested(WarningSchema), metadata=WARNINGS)
    alert = fields.Nested(AlertSchema, metadata=ALERT)
    error = fields.Nested(ProblemSchema, metadata={"description": "The problem that `/predict` would answer with."})

    @pre_dump
    def _by_wire_names(self, result: Prediction | Failure, **_kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        if isinstance(result, Failure):
            return {"idAtencion": result.encounter, "error": result.error}
        return by_wire_names(result)


class BatchAnswerSchema(Schema):
    """What the model says of each encounter, in the order in which they first appear."""

    results = fields.List(fields.Nested(ResultSchema), required=True)
    failed = fields.Integer(required=True, metadata={"description": "How many results hold `error`."})
