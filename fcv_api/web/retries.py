"""Retries: whoever sends the same request with the same `Idempotency-Key` gets the first answer again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import orjson
from flask import Response, request

from fcv_api.domain.prediction import Refusal
from fcv_api.ledger import replies
from fcv_api.ledger.record import Record
from fcv_api.ledger.replies import AlreadyAnswered, Asked, Reply
from fcv_api.scoring import Outcome
from fcv_api.web.bodies import check_encoding, read_body
from fcv_api.web.problems import LATER, PROBLEMS, ProblemRaised
from fcv_api.web.requests import SAFE_ID, current_request, current_service, record

View = TypeVar("View", bound=Callable[..., Any])
KEY, REPLAYED, FIRST_ANSWERED = "Idempotency-Key", "Idempotent-Replayed", "Idempotent-First-Answered"
KEY_TAKEN: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": KEY,
            "schema": {"type": "string", "pattern": f"^{SAFE_ID.pattern}$"},
            "description": "A name of the caller's for this request. Sent again with it, the same request gets the "
            "first answer again for 24 hours, and makes no second record.",
        }
    ]
}
REPLAY_HEADERS = {
    REPLAYED: {"schema": {"type": "string"}, "description": f"`true` where an earlier answer to the same {KEY} is it"},
    FIRST_ANSWERED: {
        "schema": {"type": "string", "format": "date-time"},
        "description": f"when, in UTC; only with `{REPLAYED}`",
    },
}


def retryable(view: View) -> View:
    """Answer a retry before its body is parsed. Beneath `authenticated`: a key is one user's."""

    @wraps(view)
    def answered_once(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        key = request.headers.get(KEY)
        if key is None:
            return view(*args, **kwargs)
        asked = current_request().asked = _asked(key)
        first = asked and replies.find(asked)
        return _again(first) if first else view(*args, **kwargs)

    return answered_once  # type: ignore[return-value]


def record_and_answer(outcomes: Sequence[Outcome], answer: Callable[[list[Record]], Response]) -> Response:
    """Record what came of this request, and give its answer: the first one, where its key came twice at one moment.

    answer: makes it from the records. It is kept in their transaction, so that no crash can part them.
    """
    asked = current_request().asked
    if asked is None or not _lasting(outcomes):
        return answer(record(outcomes))
    made: list[Response] = []

    def keep(cursor: Any, records: list[Record]) -> None:  # noqa: ANN401 - a driver's cursor
        made.append(answer(records))
        replies.keep(cursor, asked, _packed(made[0]))

    try:
        record(outcomes, keep)
    except AlreadyAnswered as found:
        first = found.reply
    else:
        return made[0]
    return _again(first)


def _asked(key: str) -> Asked | None:
    """Say what is asked under a key. None with `FCV_LEDGER=off`: then nothing is kept, and no key is looked up."""
    if not SAFE_ID.fullmatch(key):
        wanted = "1 to 64 letters, digits, dots, colons, dashes and underscores"
        raise ProblemRaised("bad-idempotency-key", f"{KEY} must be {wanted}.")
    if current_service().recorder is None:
        return None
    check_encoding(request)
    read_body(request, again=True)
    caller = current_request().caller()
    return Asked(caller.user_id, key, f"{request.path} {request.mimetype}", caller.body_sha256)


def _lasting(outcomes: Sequence[Outcome]) -> bool:
    """Whether no outcome is a failure of ours: that is to be tried again, and not told again."""
    refusals = (each for each in outcomes if isinstance(each, Refusal))
    return not any(PROBLEMS[each.reason.code].retry == LATER for each in refusals)


def _packed(response: Response) -> bytes:
    """Pack an answer, and what the log says of it."""
    context = current_request()
    told = (response.status_code, response.headers.to_wsgi_list(), context.encounter, context.problem)
    return zlib.compress(orjson.dumps(told) + b"\n" + response.get_data(), 1)


def _again(first: Reply) -> Response:
    """Give an answer again, to the same request only."""
    context = current_request()
    if (asked := context.asked) and first.asked != asked:
        other = "body" if first.asked.request == asked.request else "path or Content-Type"
        raise ProblemRaised(
            "idempotency-key-reused", f"{KEY} came at {first.at} with another {other}. A new request needs a new key."
        )
    told, _, body = zlib.decompress(first.answer).partition(b"\n")
    status, headers, context.encounter, context.problem = orjson.loads(told)
    response = Response(body, status, headers)
    response.headers[REPLAYED], response.headers[FIRST_ANSWERED] = "true", first.at
    return response
