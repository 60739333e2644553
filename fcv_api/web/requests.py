"""What belongs to one request: its context, its line in the log, and the service that answers it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from time import perf_counter
from typing import Any, Protocol, cast

from flask import Flask, current_app, g, request
from flask.wrappers import Response

from fcv_api import access_log
from fcv_api.accounts import Account
from fcv_api.directory import Directory
from fcv_api.domain.prediction import AnswerContext, Models
from fcv_api.fhir.site import FhirSite
from fcv_api.ledger.replies import Asked
from fcv_api.metrics.counts import Answered, Counts
from fcv_api.scoring import Caller, Outcome
from fcv_api.web.ward.options import WardOptions
from fcv_api.wire.csv_rows import COMMA, Dialect

SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
LONGEST_URL = 200


class ConcurrencyLimit(Protocol):
    """How many requests are worked on at once."""

    def released(self) -> AbstractContextManager[None]:
        """Leave this request's permit to others in a block that waits for something else than the processor."""


class LargeBodyLock(Protocol):
    """Lets one large body be parsed at a time."""

    def acquire(self, size: int) -> None:
        """Wait until a body of so many bytes may be parsed; it is released when its request ends."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the app hands to its views."""

    models: Models
    records: bool
    """Not with `FCV_LEDGER=off`."""
    runtime: str
    """What computes here, and on what processor."""
    zone: tzinfo
    stale_minutes: int
    registration: str
    password_min_length: int
    concurrency_limit: ConcurrencyLimit
    large_body_lock: LargeBodyLock
    max_encounters: int
    """Of one request."""
    feed: bool
    """Not with `FCV_FEED=off`."""
    observation_hours: int
    settle_seconds: int
    ward: WardOptions
    directory: Directory | None
    """Where people sign in beside the local accounts; None for nowhere."""
    counts: Counts
    fhir: FhirSite

    def answer_context(self) -> AnswerContext:
        """Return what an answer of this moment must warn of. Without FCV_STALE_MINUTES, nothing looks at the clock."""
        now = datetime.now(UTC) if self.stale_minutes else None
        return AnswerContext(now, timedelta(minutes=self.stale_minutes), warn_unvalidated=True)


@dataclass(slots=True)
class RequestContext:
    """What is known of a request so far.

    started: `perf_counter()` when it was received. account: whose token it carries, with the token's claims; user_id:
    also of who signs in. body_sha256: empty where nothing is recorded. encounter, problem, warnings: what the log says,
    of warnings their codes.
    dialect: of a CSV body. asked: under an `Idempotency-Key`.
    """

    request_id: str
    started: float
    account: Account | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    user_id: int | None = None
    body_sha256: str = ""
    encounter: int | None = None
    problem: str | None = None
    warnings: Sequence[str] = ()
    dialect: Dialect = COMMA
    asked: Asked | None = None
    held_bytes: int = 0
    """Of its body; see `bodies.py`."""
    outcomes: Sequence[Outcome] = ()
    """What came of its encounters."""

    def caller(self) -> Caller:
        """Return who asked, of a request that an account's token came with."""
        return Caller(cast("int", self.user_id), self.request_id, self.body_sha256, self.started)


def current_request() -> RequestContext:
    """Return the context of the request that is being answered."""
    if "context" not in g:
        _begin()
    return cast("RequestContext", g.context)


def current_service() -> Service:
    """Return what `app.py` bound."""
    return cast("Service", current_app.extensions["fcv"])


def register(app: Flask, service: Service) -> None:
    """Bind a service to an app; begin each request's context, and end each with its headers and line."""
    app.extensions["fcv"] = service
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.context = RequestContext(given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex, perf_counter())


def _finish(response: Response) -> Response:
    context, service = current_request(), current_service()
    response.headers["X-Request-ID"] = context.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if (
        response.is_sequence and response.calculate_content_length() == 0
    ):  # nothing is no HTML, which Flask would call it
        del response.headers["Content-Type"]
    seconds, status = perf_counter() - context.started, response.status_code
    access_log.log.info("%r", _line(context, status, seconds))
    route = None if request.url_rule is None else request.url_rule.rule
    waited = g.pop("waited", 0.0)
    service.counts.answered(Answered(route, request.method, status, seconds, context.problem, waited, context.outcomes))
    return response


def _line(context: RequestContext, status: int, seconds: float) -> dict[str, object]:
    """Describe a request. `repr` escapes every character that could break the line; no query, no body, no name.

    Of the warnings that were answered it has the codes alone, without sign or figure.
    """
    line: dict[str, object] = {
        "url": request.path[:LONGEST_URL],
        "method": request.method[:LONGEST_URL],
        "date": f"{datetime.now(current_service().zone):%d/%m/%Y %H:%M:%S}",
        "duration": round(seconds, 4),
        "status": status,
        "request_id": context.request_id,
        "user": context.user_id,
        "encounter": context.encounter,
        "problem": context.problem,
    }
    if context.warnings:
        line["warnings"] = list(context.warnings)
    return line
