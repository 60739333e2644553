"""A request's body, received whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from hashlib import sha256

from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from fcv_api.web import held
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service

AT_ONCE = 1 << 20  # bytes
KEPT = "fcv_api.body"


def check_encoding(req: Request) -> None:
    """Refuse a compressed body: it would be a way around the limit on its size."""
    if req.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProblemRaised("unsupported-encoding", "Send the body without Content-Encoding.")


def read_body(req: Request, *, again: bool = False) -> bytes:
    """Read a body whole, and hash it for the record. Raises RequestEntityTooLarge, or ProblemRaised.

    again: it will be read another time. What was read so is there without that.
    Werkzeug cuts a chunked body off at the limit without a word, and what is left of it must not be read.
    """
    kept: bytes | None = req.environ.pop(KEPT, None)
    if kept is not None:
        return kept
    try:
        body = _received(req)
    except (HTTPException, ProblemRaised):
        raise
    except Exception:  # noqa: BLE001 - each server has its own for a body that is cut off or badly chunked
        raise ProblemRaised("bad-request", "The body cannot be read: it is cut off or badly chunked.") from None
    if req.content_length is None and len(body) == req.max_content_length:
        raise RequestEntityTooLarge
    if current_service().records:
        current_request().body_sha256 = sha256(body).hexdigest()
    if again:
        req.environ[KEPT] = body
    return body


def _received(req: Request) -> bytes:
    """Receive a body, as far as there is room for it. The rest is read and dropped: its sender comes to read why."""
    parts: list[bytes] = []
    room = True
    for part in _parts(req):
        room = room and held.more(len(part))
        if room:
            parts.append(part)
        elif parts:
            parts.clear()
            held.drop()
    if not room:
        raise ProblemRaised("too-many-large-bodies", "Other large bodies fill the room that there is for them.")
    return b"".join(parts)


def _parts(req: Request) -> Iterator[bytes]:
    """Read a body: not by Werkzeug, which moves all that came already with each 64 kB that come.

    No further than its length: behind a body that is as long as may be, Werkzeug takes the end for too much.
    """
    left = sys.maxsize if req.content_length is None else req.content_length
    while left > 0 and (part := req.stream.read(AT_ONCE)):
        yield part
        left -= len(part)
