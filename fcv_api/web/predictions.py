"""The record of predictions: who may read what of it, and what comes of a window that is computed again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.accounts.system import feed_test_account_id
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import Scorer
from fcv_api.ledger import query
from fcv_api.ledger.query import Latest, Wanted
from fcv_api.ledger.record import Record, utc_moment, utc_text
from fcv_api.web.openapi import CSV_CONTENT, TOKEN_NEEDED, problems
from fcv_api.web.parser import Blueprint
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_service
from fcv_api.web.tokens import authenticated, current_account
from fcv_api.wire.answer import STATE_NAMES
from fcv_api.wire.record_query import STATES_BY_NAME, RecordsQuerySchema
from fcv_api.wire.records import (
    FullRecordSchema,
    RecordsSchema,
    ReplaySchema,
    as_wire,
    csv_lines,
    inferences,
    values_of,
)

bp = Blueprint("predictions", __name__, description="The record of past predictions")
CSV = "text/csv"
LINK = {"Link": {"schema": {"type": "string"}, "description": 'the next page, as `<...>; rel="next"`'}}


@bp.get("/predictions")
@authenticated()
@bp.doc(**TOKEN_NEEDED, responses={200: {"content": {CSV: CSV_CONTENT}}})
@bp.arguments(RecordsQuerySchema, location="query", unknown="raise")
@bp.response(200, RecordsSchema, headers=LINK)
@problems(bp, "not-authenticated", "invalid-query", "database-unavailable")
def list_predictions(asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]] | Response:
    """What was predicted, and who was refused a prediction, the newest first.

    A `client` sees its own; `reader` and `admin` see all. JSON, or CSV with `Accept: text/csv`.
    """
    wanted, limit = _wanted(asked), asked["limit"]
    found: list[Any] = (query.latest if asked["latest"] else query.search)(wanted, limit + 1)
    page, following = found[:limit], found[limit - 1].seq if len(found) > limit else None
    headers = _link(following)
    if request.accept_mimetypes.best_match(["application/json", CSV]) == CSV:
        lines = csv_lines(_parts(page), _age) if asked["latest"] else csv_lines(page)
        return Response("".join(lines), headers=headers, content_type=f"{CSV}; charset=utf-8")
    if asked["latest"]:
        return {"encounters": [_latest(each) for each in page], "next": following}, headers
    return {"predictions": [as_wire(each) for each in page], "next": following}, headers


@bp.get("/predictions/<record_id>")
@authenticated()
@bp.doc(**TOKEN_NEEDED)
@bp.response(200, FullRecordSchema)
@problems(bp, "not-authenticated", "not-found", "database-unavailable")
def show_prediction(record_id: str) -> dict[str, Any]:
    """One record, with the raw window that was scored."""
    record = own_record(record_id)
    return as_wire(record) | {"values": values_of(record)}


@bp.get("/predictions/<record_id>/replay")
@authenticated()
@bp.doc(**TOKEN_NEEDED)
@bp.response(200, ReplaySchema)
@problems(bp, "not-authenticated", "not-found", "model-missing", "model-output", "no-model", "database-unavailable")
def replay_prediction(record_id: str) -> dict[str, Any]:
    """Compute a recorded window again, with the model that was recorded.

    `equal` to the last bit where library and processor are those of the record, `within tolerance` (1e-6) elsewhere.
    """
    record = own_record(record_id)
    replayed = scoring.replay(record, model_of(record), current_service().runtime)
    return {
        "id": record.id,
        "model": str(replayed.model),
        "verdict": replayed.verdict,
        "same_runtime": replayed.same_runtime,
        "largest_difference": replayed.difference,
        "State": STATE_NAMES[replayed.state],
        "inferences": inferences({state.value: each for state, each in replayed.probabilities.items()}),
        "runtime": replayed.runtime,
    }


def _visible_to() -> int | None:
    """Return whose records the caller sees: its own, or None for all."""
    account = current_account()
    return None if account.role in (Role.READER, Role.ADMIN) else account.id


def own_record(record_id: str) -> Record:
    """Return a record that the caller may see. Raises ProblemRaised."""
    record = query.find(record_id, _visible_to())
    if record is None:
        raise ProblemRaised("not-found", "There is no such record among those that you may see.")
    return record


def model_of(record: Record) -> Scorer:
    """Return the very model of a record. Raises ProblemRaised for a refusal, and where the model is not here."""
    model = scoring.recorded_model(record)
    if model is None:
        raise ProblemRaised("not-found", "This is a refusal: no window was scored, so none can be computed again.")
    try:
        return current_service().models.at(model)
    except NoModel as reason:
        raise ProblemRaised("model-missing", f"{model} with sha256 {model.sha256} is not here. {reason}") from None


def _wanted(asked: dict[str, Any]) -> Wanted:
    state = asked.get("State")
    return Wanted(
        user_id=_visible_to(),
        encounter=asked.get("idAtencion"),
        state=STATES_BY_NAME[state].value if state else None,
        model=tuple(asked["model"].split("/")) if "model" in asked else (),
        since=_utc(asked.get("since")),
        until=_utc(asked.get("until")),
        before=asked.get("cursor"),
        without_user_id=None if asked["test"] else feed_test_account_id(),
    )


def _utc(moment: datetime | None) -> str | None:
    """Write a time of the query as the record does. Without an offset it is the ward's."""
    if moment is None:
        return None
    return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=current_service().zone))


def _latest(each: Latest) -> dict[str, Any]:
    age = _age(each.score) if each.score else None
    parts = {"score": each.score, "refusal": each.refusal}
    parts_on_wire = {name: record and as_wire(record) for name, record in parts.items()}
    return {"idAtencion": each.encounter, "age_seconds": age} | parts_on_wire


def _age(record: Record) -> float:
    return (datetime.now(UTC) - utc_moment(record.at)).total_seconds()


def _parts(page: list[Latest]) -> list[Record]:
    return [record for each in page for record in (each.score, each.refusal) if record]


def _link(following: int | None) -> dict[str, str]:
    if following is None:
        return {}
    cursor = RecordsSchema().dump({"next": following})["next"]
    arguments = request.args.to_dict() | {"cursor": cursor}
    return {"Link": f'</predictions?{urlencode(arguments)}>; rel="next"'}
