"""What belongs to one request: its id, its clock, and the service that answers it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from time import perf_counter
from typing import cast

from flask import Flask, current_app, g, request
from flask.wrappers import Response

from fcv_api.domain.circumstances import Circumstances
from fcv_api.domain.prediction import Models
from fcv_api.ledger.record import Also, Record
from fcv_api.scoring import Caller, Outcome, Recorder

SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Service:
    """What the app hands to its views."""

    models: Models
    recorder: Recorder | None
    """None with `FCV_LEDGER=off`."""
    runtime: str
    """What computes here, and on what processor."""
    zone: tzinfo
    warn_unvalidated: bool
    stale_minutes: int
    registration: str
    password_min_length: int

    def circumstances(self) -> Circumstances:
        """Give what an answer of this moment must warn of. Without FCV_STALE_MINUTES, nothing looks at the clock."""
        now = datetime.now(UTC) if self.stale_minutes else None
        return Circumstances(now, timedelta(minutes=self.stale_minutes), self.warn_unvalidated)


def current_service() -> Service:
    """Give what `app.py` bound."""
    return cast("Service", current_app.extensions["fcv"])


def record(outcomes: Sequence[Outcome], also: Also | None = None) -> list[Record]:
    """Record what came of this request, before it is answered; give the records: none with `FCV_LEDGER=off`.

    also: writes more in the same transaction. Raises SQLAlchemyError, and then there must be no answer.
    """
    recorder = current_service().recorder
    if recorder is None:
        return []
    return recorder.record(outcomes, Caller(g.user_id, g.request_id, g.body_sha256, g.start), also)


def register(app: Flask, service: Service) -> None:
    """Bind a service to an app, and give each request its id and start."""
    app.extensions["fcv"] = service
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    g.start = perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if (
        response.is_sequence and response.calculate_content_length() == 0
    ):  # nothing is no HTML, which Flask would call it
        del response.headers["Content-Type"]
    return response
