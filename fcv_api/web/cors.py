"""Which pages of other sites may call the API from a browser: none, unless `FCV_CORS_ORIGINS` names their origin.

A page sends its token in a header. Cookies are never allowed with it. The pages for people, some of which read cookies,
are not part of this: no page of another site can read them, whatever is set.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from flask import Blueprint, Flask, request
from flask.wrappers import Response

SENT = "Authorization, Content-Type, Idempotency-Key, X-Request-ID"
READ = (
    "Allow, FCV-Model, FCV-Window, Idempotent-First-Answered, Idempotent-Replayed, Link, Location, Retry-After, "
    "WWW-Authenticate, X-Request-ID"
)
DOCUMENT = "api-docs"
"""flask-smorest's name of what serves `/openapi.json`."""
SECONDS = "600"
"""For which a browser asks no second time what it may send."""


def register(app: Flask, origins: Collection[str], blueprints: Collection[Blueprint]) -> None:
    """Allow pages of these origins the routes of these blueprints, and to read that there is no such route."""
    names = {None, DOCUMENT, *(each.name for each in blueprints)}
    app.after_request(partial(_allow, frozenset(origins), frozenset(names)))


def _allow(origins: frozenset[str], blueprints: frozenset[str | None], response: Response) -> Response:
    if request.blueprint not in blueprints:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = READ
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = SECONDS
    return response
