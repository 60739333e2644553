"""What moved a recorded score."""

from __future__ import annotations

from typing import Any

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.web.openapi import TOKEN_NEEDED, problems
from fcv_api.web.parser import Blueprint
from fcv_api.web.predictions import model_of, own_record
from fcv_api.web.requests import current_service
from fcv_api.web.tokens import authenticated
from fcv_api.wire.explanation import Explained, ExplanationSchema

bp = Blueprint("explanations", __name__, description="What moved a score")
EXPLANATION_PROBLEMS = (
    *("not-authenticated", "not-allowed", "not-found", "model-missing", "model-output", "no-model"),
    "database-unavailable",
)


@bp.get("/predictions/<record_id>/explanation")
@authenticated(Role.READER, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED)
@bp.response(200, ExplanationSchema)
@problems(bp, *EXPLANATION_PROBLEMS)
def explain_prediction(record_id: str) -> Any:  # noqa: ANN401 - what the schema dumps
    """What moved a record's score, sign by sign: not the cause of the patient's state.

    Each sign is replaced by the mean of the patients that the model learnt from. The score is 1 - `Sano`.
    """
    record = own_record(record_id)
    model = model_of(record)
    warnings = tuple(current_service().answer_context().of_model(model.identity))
    return Explained(record.id, record.state or "", model.identity, scoring.explain_record(record, model), warnings)
