"""Predictions, and the model that makes them."""

from __future__ import annotations

from flask import Response, jsonify

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.domain.prediction import Prediction, Refusal
from fcv_api.scoring import Outcome
from fcv_api.web.openapi import TOKEN_NEEDED, problems
from fcv_api.web.parser import Blueprint
from fcv_api.web.problem_details import problem_of
from fcv_api.web.recording import record_and_answer, recorded
from fcv_api.web.requests import current_request, current_service
from fcv_api.web.retries import KEY_TAKEN, REPLAY_HEADERS
from fcv_api.web.tokens import authenticated
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterRows, EncounterSchema
from fcv_api.wire.example import example_answer, example_request
from fcv_api.wire.service import ModelSchema

bp = Blueprint("predict", __name__, description="From a monitor's rows to probabilities")

PREDICT_PROBLEMS = (
    *("not-json", "bad-request", "bad-idempotency-key", "not-authenticated", "not-allowed", "too-large"),
    *("unsupported-media-type", "unsupported-encoding", "invalid-body", "invalid-rows"),
    *("table-too-large", "too-many-encounters"),
    *("code-name-conflict", "several-encounters", "no-known-sign", "wrong-unit", "unit-missing"),
    *("mixed-time-zones", "ambiguous-time"),
    *("idempotency-key-reused", "too-few-instants", "window-span", "missing-signs"),
    *("model-output", "no-model", "too-many-large-bodies", "database-unavailable"),
)
HEADERS = {
    "FCV-Model": {"schema": {"type": "string"}, "description": "name/version of the model that answered"},
    "FCV-Window": {
        "schema": {"type": "string"},
        "description": "first/last instant of the window: as sent, or in UTC where offsets were sent",
    },
    "Location": {"schema": {"type": "string"}, "description": "the stored prediction; not with `FCV_LEDGER=off`"},
    "X-Request-ID": {"schema": {"type": "string"}, "description": "the caller's own, or a new one"},
}
SCHEMA = PredictionSchema()


@bp.post("/predict")
@authenticated(Role.CLIENT, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED, **KEY_TAKEN)
@recorded
@bp.arguments(EncounterSchema(), example=example_request())
@bp.response(200, SCHEMA, headers=HEADERS | REPLAY_HEADERS, example=example_answer())
@problems(bp, *PREDICT_PROBLEMS)
def predict(rows: EncounterRows) -> Response:
    """Probabilities of the four states from one encounter's last 100 minutes.

    *Sano* means none of the other three, **not healthy**. Not a medical device.
    """
    service = current_service()
    current_request().encounter = rows.id
    (outcome,) = scoring.assess_all([rows.read(service.zone)], service.models, service.answer_context())
    return record_and_answer([outcome], _answer(outcome), located=isinstance(outcome, Prediction))


def _answer(outcome: Outcome) -> Response:
    if isinstance(outcome, Refusal):
        return problem_of(outcome.reason)
    response = jsonify(SCHEMA.dump(outcome))
    response.headers["FCV-Model"] = str(outcome.model)
    response.headers["FCV-Window"] = f"{outcome.window.first}/{outcome.window.last}"
    return response


@bp.get("/model")
@authenticated()
@bp.doc(**TOKEN_NEEDED)
@bp.response(200, ModelSchema)
@problems(bp, "not-authenticated", "no-model", "database-unavailable")
def show_model() -> object:
    """What the active model is, what it was trained on, and what it must not be used for."""
    return current_service().models.manifest()
