"""Retries: whoever sends the same request with the same `Idempotency-Key` gets the first answer again."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response, request

from fcv_api.domain.prediction import Refusal
from fcv_api.ledger import replies
from fcv_api.ledger.replies import Asked, Reply
from fcv_api.scoring import Outcome
from fcv_api.web.bodies import check_encoding, read_body
from fcv_api.web.problems import LATER, PROBLEMS, ProblemRaised
from fcv_api.web.requests import SAFE_ID, current_request, current_service

LARGEST_KEPT = 16 * 2**20
"""Bytes of an answer."""
WARNINGS = "FCV-Warnings"
"""Among the kept headers of an answer: the codes that the log says of it. No answer is sent with it."""
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


def answer_of_first() -> Response | None:
    """Return the answer that this request's key got within the last day. Raises ProblemRaised for another request's.

    None without a key, for a new one, and with `FCV_LEDGER=off`: then nothing is kept, and no key is looked up.
    """
    key = request.headers.get(KEY)
    if key is None:
        return None
    asked = current_request().asked = _asked(key)
    first = asked and replies.find(asked)
    return again(first) if first else None


def _asked(key: str) -> Asked | None:
    if not SAFE_ID.fullmatch(key):
        wanted = "1 to 64 letters, digits, dots, colons, dashes and underscores"
        raise ProblemRaised("bad-idempotency-key", f"{KEY} must be {wanted}.")
    if not current_service().records:
        return None
    check_encoding(request)
    read_body(request, again=True)
    caller = current_request().caller()
    return Asked(caller.user_id, key, f"{request.path} {request.mimetype}", caller.body_sha256)


def are_kept(outcomes: Sequence[Outcome], response: Response) -> bool:
    """Return whether a retry gets the answer to these: a failure of ours is tried again, and not repeated.

    Nor is an answer kept that would fill the memory of whoever gives it again.
    """
    if (response.calculate_content_length() or 0) > LARGEST_KEPT:
        return False
    refusals = (each for each in outcomes if isinstance(each, Refusal))
    return not any(PROBLEMS[each.reason.code].retry == LATER for each in refusals)


def packed(response: Response) -> bytes:
    """Return an answer, and what the log says of it, as bytes."""
    context = current_request()
    headers = [*response.headers.to_wsgi_list(), (WARNINGS, ",".join(context.warnings))]
    head = (response.status_code, headers, context.encounter, context.problem)
    return zlib.compress(orjson.dumps(head) + b"\n" + response.get_data(), 1)


def again(first: Reply) -> Response:
    """Return an answer again, to the same request only. Raises ProblemRaised."""
    context = current_request()
    if (asked := context.asked) and first.asked != asked:
        other = "body" if first.asked.request == asked.request else "path or Content-Type"
        raise ProblemRaised(
            "idempotency-key-reused", f"{KEY} came at {first.at} with another {other}. A new request needs a new key."
        )
    head, _, body = zlib.decompress(first.answer).partition(b"\n")
    status, headers, context.encounter, context.problem = orjson.loads(head)
    response = Response(body, status, headers)
    context.warnings = [code for code in response.headers.pop(WARNINGS, "").split(",") if code]
    response.headers[REPLAYED], response.headers[FIRST_ANSWERED] = "true", first.at
    return response
