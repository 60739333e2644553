"""Observations into the memory of beds, and what is known of each bed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import time_ns
from typing import Any, TypeVar

from flask import Response, jsonify

from fcv_api.accounts import Role
from fcv_api.domain.stays import ACCOUNT
from fcv_api.feed import beds, store
from fcv_api.feed.store import Arrival
from fcv_api.feed.turns import database_now
from fcv_api.web.openapi import CSV_CONTENT, TOKEN_NEEDED, problems
from fcv_api.web.parser import CSV, BatchBlueprint
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.recording import check_count
from fcv_api.web.requests import current_service
from fcv_api.web.tokens import authenticated, current_account
from fcv_api.wire.beds import BedsSchema, bed_as_wire, example_beds
from fcv_api.wire.observation_answer import (
    ObservationsAnswerSchema,
    answer_of,
    example_observations,
    example_observations_answer,
    example_observations_csv,
)
from fcv_api.wire.observations import ObservationRows, ObservationsSchema

bp = BatchBlueprint("observations", __name__, description="The memory of beds")
View = TypeVar("View", bound=Callable[..., Any])

OBSERVATION_PROBLEMS = (
    *("not-json", "not-csv", "bad-request", "not-authenticated", "not-allowed", "too-large"),
    *("unsupported-media-type", "unsupported-encoding", "invalid-body", "invalid-rows"),
    *("table-too-large", "too-many-encounters", "feed-off", "too-many-large-bodies", "database-unavailable"),
)
ALSO_CSV = {"requestBody": {"content": {CSV: CSV_CONTENT | {"example": example_observations_csv()}}}}


def fed(view: View) -> View:
    """Refuse before a body is read where nothing is stored. Raises ProblemRaised."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if not current_service().feed:
            raise ProblemRaised("feed-off", "This service keeps no observations: FCV_FEED is off.")
        return view(*args, **kwargs)

    return answered  # type: ignore[return-value]


@bp.post("/observations")
@authenticated(Role.CLIENT, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED, **ALSO_CSV)
@fed
@bp.arguments(ObservationsSchema(), example=example_observations())
@bp.response(200, ObservationsAnswerSchema, example=example_observations_answer())
@problems(bp, *OBSERVATION_PROBLEMS)
def post_observations(rows: ObservationRows) -> Response:
    """Take single observations into the memory of their beds. A wrong row fails alone, and 200 says which.

    Takes JSON or CSV, in any order and as often as you like: what is known already changes nothing.
    """
    service, now = current_service(), time_ns() // 1000
    read = rows.observations(service.zone)
    check_count(len(read.posted))
    arrival = Arrival(f"{ACCOUNT}{current_account().username}", now, now, service.observation_hours)
    return jsonify(answer_of(read, store.store(read.posted, arrival, read.unnamed)))


@bp.get("/beds")
@authenticated(Role.READER, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED)
@fed
@bp.response(200, BedsSchema, example=example_beds())
@problems(bp, "not-authenticated", "not-allowed", "feed-off", "database-unavailable")
def list_beds() -> dict[str, Any]:
    """What is known of each bed: open stays, beds without a named patient, stays closed in the last 12 hours."""
    now = database_now()  # one for all hosts, and the one that turns go by
    return {"beds": [bed_as_wire(each, now) for each in beds.now_known(now)]}
