"""Scores of stays as RiskAssessments: three predictions, warnings first, and never a word that reassures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from fcv_api.domain.prediction import State
from fcv_api.fhir.finding import ENCOUNTERS
from fcv_api.wire.hl7.shown import utc

PREDICTIONS, OUTCOMES = "urn:fcv:prediction", "urn:fcv:outcome"
UCUM = "http://unitsofmeasure.org"
NAMES = {
    State.CARDIAC_ARREST: ("Paro cardíaco", "Cardiac arrest"),
    State.LOW_CARDIAC_OUTPUT: ("Bajo gasto", "Low cardiac output"),
    State.CARDIOGENIC_SHOCK: ("Shock cardiogénico", "Cardiogenic shock"),
}
"""In Spanish and English. The fourth state is the absence of these three, and no outcome."""
NO_STATEMENT = "Una probabilidad baja no dice nada de la salud. A low probability is no statement of health."
NO_BED = "(sin cama / no bed)"
TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


class Score(NamedTuple):
    """What a turn of the feed recorded, as `ledger.record.Record`, and what is known beside it.

    horizon: how many minutes ahead the model looks; None where nobody says. bed: None where nobody names one.
    """

    record: Any
    bed: str | None
    horizon: float | None
    is_of_test: bool


def risk_assessment(score: Score) -> dict[str, Any]:
    """Return a RiskAssessment of a turn. It occurred at its slot's end, from which the horizon counts."""
    record = score.record
    labels = {"meta": {"security": [TEST_DATA]}} if score.is_of_test else {}
    return {
        "resourceType": "RiskAssessment",
        **labels,
        "identifier": [{"system": PREDICTIONS, "value": record.id}],
        "status": "final",
        "method": {"text": f"{record.model_name}/{record.model_version} sha256 {record.model_sha256}"},
        "subject": {"display": score.bed or NO_BED},
        "encounter": {"identifier": {"system": ENCOUNTERS, "value": str(record.encounter)}},
        "occurrenceDateTime": utc(record.slot),
        "basis": [{"display": f"ventana {_utc(record.window_first)}/{_utc(record.window_last)}"}],
        "prediction": [*_predictions(orjson.loads(record.probabilities), score.horizon)],
        "note": [{"text": text} for text in _notes(orjson.loads(record.warnings or "[]"))],
    }


def _predictions(probabilities: dict[str, float], horizon: float | None) -> list[dict[str, Any]]:
    when = {} if horizon is None else {"whenRange": {"low": _minutes(0), "high": _minutes(horizon)}}
    return [
        {
            "outcome": {"coding": [{"system": OUTCOMES, "code": state.value, "display": english}], "text": spanish},
            "probabilityDecimal": probabilities[state.value],
            **when,
        }
        for state, (spanish, english) in NAMES.items()
    ]


def _minutes(value: float) -> dict[str, Any]:
    whole = int(value) if float(value).is_integer() else value
    return {"value": whole, "unit": "min", "system": UCUM, "code": "min"}


def _notes(warnings: Sequence[dict[str, Any]]) -> list[str]:
    """Return a warning each, in Spanish and English, and then what a low number does not say."""
    said = [" / ".join(filter(None, (each.get("detail_es"), each["detail"]))) for each in warnings]
    return [*(f"{each['code']}: {text}" for each, text in zip(warnings, said, strict=True)), NO_STATEMENT]


def _utc(text: str) -> str:
    """Return an instant of the record, which is in UTC, as FHIR writes it."""
    moment = datetime.fromisoformat(text)
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known.isoformat().replace("+00:00", "Z")


class Page(NamedTuple):
    """Where a page of a search lies. url: its own. following: the next one's; empty on the last page."""

    url: str
    following: str


def search_set(scores: Sequence[Score], page: Page) -> dict[str, Any]:
    """Return scores as a page of a search. A link repeats no identifier: it names stays by their numbers."""
    links = [{"relation": "self", "url": page.url}]
    links += [{"relation": "next", "url": page.following}] if page.following else []
    entries = [
        {
            "fullUrl": f"urn:uuid:{UUID(each.record.id)}",
            "resource": risk_assessment(each),
            "search": {"mode": "match"},
        }
        for each in scores
    ]
    return {"resourceType": "Bundle", "type": "searchset", "link": links} | ({"entry": entries} if entries else {})
