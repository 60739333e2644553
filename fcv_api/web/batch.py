"""Predictions of many encounters in one request."""

from __future__ import annotations

from flask import Response, g, request

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import Prediction, Refusal
from fcv_api.scoring import Outcome
from fcv_api.web.facts import members_of, slug_of
from fcv_api.web.openapi import TOKEN_NEEDED, problems
from fcv_api.web.parser import CSV, BatchBlueprint
from fcv_api.web.predict import HEADERS
from fcv_api.web.problems import body_of
from fcv_api.web.requests import current_service, record
from fcv_api.web.tokens import authenticated
from fcv_api.wire.answer import BatchAnswerSchema, Failure
from fcv_api.wire.batch import BatchRows, BatchSchema
from fcv_api.wire.csv_rows import COMMA, write_csv
from fcv_api.wire.example import example_batch, example_batch_answer, example_csv

bp = BatchBlueprint("batch", __name__, description="Many encounters at once")

BATCH_PROBLEMS = (
    *("not-json", "not-csv", "bad-request", "not-authenticated", "not-allowed", "too-large"),
    *("unsupported-media-type", "unsupported-encoding", "invalid-body", "invalid-rows"),
    *("no-model", "database-unavailable"),
)
ALSO_CSV = {
    "requestBody": {"content": {CSV: {"schema": {"type": "string"}, "example": example_csv()}}},
    "responses": {200: {"content": {CSV: {"schema": {"type": "string"}}}}},
}


@bp.post("/predict/batch")
@authenticated(Role.CLIENT, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED, **ALSO_CSV)
@bp.arguments(BatchSchema(), example=example_batch())
@bp.response(
    200,
    BatchAnswerSchema,
    headers={name: HEADERS[name] for name in ("FCV-Model", "X-Request-ID")},
    example=example_batch_answer(),
)
@problems(bp, *BATCH_PROBLEMS)
def predict_batch(rows: BatchRows) -> Response | tuple[dict[str, object], dict[str, str]]:
    """What `/predict` says of each of many encounters. One that cannot be scored fails alone.

    Takes JSON or CSV, and answers in CSV when `Accept` asks for it. Not a medical device.
    """
    service = current_service()
    outcomes = scoring.assess_all(rows.read(service.zone), service.models.active, service.circumstances())
    record(outcomes)
    _refuse_without_model(outcomes)
    results = [_result(outcome) for outcome in outcomes]
    answer = {"results": results, "failed": sum(isinstance(each, Failure) for each in results)}
    model = next((each.model for each in outcomes if isinstance(each, Prediction)), None)  # None where all failed
    headers = {"FCV-Model": str(model)} if model else {}
    if request.accept_mimetypes.best_match(("application/json", CSV)) != CSV:
        return answer, headers
    text = write_csv(BatchAnswerSchema().dump(answer)["results"], g.get("dialect", COMMA))
    return Response(text, mimetype=CSV, headers=headers)


def _refuse_without_model(outcomes: list[Outcome]) -> None:
    """Refuse the batch when there is no model: it may be sent again, and then none of it will fail for that."""
    for outcome in outcomes:
        if isinstance(outcome, Refusal) and isinstance(outcome.reason, NoModel):
            outcome.or_raise()


def _result(outcome: Prediction | Refusal) -> Prediction | Failure:
    """Give a refusal as the problem that `/predict` would answer with."""
    if isinstance(outcome, Prediction):
        return outcome
    reason = outcome.reason
    return Failure(outcome.encounter, body_of(slug_of(reason), str(reason), **members_of(reason)))
