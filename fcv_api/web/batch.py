"""Predictions of many encounters in one request."""

from __future__ import annotations

from datetime import tzinfo

from flask import Response, jsonify, request

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.domain.bad_cells import InvalidRows
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import Prediction, Refusal
from fcv_api.scoring import Outcome
from fcv_api.web.openapi import CSV_CONTENT, TOKEN_NEEDED, problems
from fcv_api.web.parser import CSV, BatchBlueprint
from fcv_api.web.predict import HEADERS
from fcv_api.web.problem_details import problem_body, problem_of
from fcv_api.web.problem_language import say_language
from fcv_api.web.recording import check_count, record_and_answer, recorded
from fcv_api.web.requests import current_request, current_service
from fcv_api.web.retries import KEY_TAKEN, REPLAY_HEADERS
from fcv_api.web.tokens import authenticated
from fcv_api.wire.answer import BatchAnswerSchema, Failure
from fcv_api.wire.batch import BatchRows, BatchSchema
from fcv_api.wire.csv_answer import write_csv
from fcv_api.wire.encounter import encounters_of
from fcv_api.wire.example import example_batch, example_batch_answer, example_csv

bp = BatchBlueprint("batch", __name__, description="Many encounters at once")

BATCH_PROBLEMS = (
    *("not-json", "not-csv", "bad-request", "bad-idempotency-key", "not-authenticated", "not-allowed", "too-large"),
    *("unsupported-media-type", "unsupported-encoding", "invalid-body", "invalid-rows"),
    *("table-too-large", "too-many-encounters"),
    *("idempotency-key-reused", "no-model", "too-many-large-bodies", "database-unavailable"),
)
SCHEMA = BatchAnswerSchema()
ALSO_CSV = {
    "requestBody": {"content": {CSV: CSV_CONTENT | {"example": example_csv()}}},
    "responses": {200: {"content": {CSV: CSV_CONTENT}}},
}


@bp.post("/predict/batch")
@authenticated(Role.CLIENT, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED, **ALSO_CSV, **KEY_TAKEN)
@recorded
@bp.arguments(BatchSchema(), example=example_batch())
@bp.response(
    200,
    SCHEMA,
    headers={name: HEADERS[name] for name in ("FCV-Model", "X-Request-ID")} | REPLAY_HEADERS,
    example=example_batch_answer(),
)
@problems(bp, *BATCH_PROBLEMS)
def predict_batch(rows: BatchRows) -> Response:
    """What `/predict` says of each of many encounters. One that cannot be scored fails alone.

    Takes JSON or CSV, and answers in CSV when `Accept` asks for it. Not a medical device.
    """
    service = current_service()
    outcomes = scoring.assess_all(_read(rows, service.zone), service.models, service.answer_context())
    return record_and_answer(outcomes, _answer(outcomes))


def _read(rows: BatchRows, zone: tzinfo) -> list[Encounter | Refusal]:
    """Read each encounter, or say why not. Raises InvalidRows, of all encounters, where a row is nobody's.

    Raises TooManyEncounters before any is read.
    """
    encounters = encounters_of(rows.ids)
    check_count(len(encounters))
    try:
        return rows.read(zone)
    except InvalidRows as fact:
        fact.encounters = encounters
        raise


def _answer(outcomes: list[Outcome]) -> Response:
    for outcome in outcomes:  # without a model the whole batch is refused: sent again, none of it will fail for that
        if isinstance(outcome, Refusal) and isinstance(outcome.reason, NoModel):
            return problem_of(outcome.reason)
    results = [_result(outcome) for outcome in outcomes]
    answer = SCHEMA.dump({"results": results, "failed": sum(isinstance(each, Failure) for each in results)})
    if request.accept_mimetypes.best_match(("application/json", CSV)) == CSV:
        response = Response(write_csv(answer["results"], current_request().dialect), mimetype=CSV)
    else:
        response = jsonify(answer)
    model = next((each.model for each in outcomes if isinstance(each, Prediction)), None)  # None where all failed
    if model:
        response.headers["FCV-Model"] = str(model)
    if answer["failed"]:
        say_language(response)
    return response


def _result(outcome: Prediction | Refusal) -> Prediction | Failure:
    """Return a refusal as the problem that `/predict` would answer with."""
    if isinstance(outcome, Prediction):
        return outcome
    return Failure(outcome.encounter, problem_body(outcome.reason))
