"""Whether the service works: for old clients, for containers, and for load balancers."""

from __future__ import annotations

from typing import Any

from fcv_api import __version__
from fcv_api.web.alerts_readiness import check_alerts
from fcv_api.web.feed_readiness import check_feed
from fcv_api.web.openapi import problems
from fcv_api.web.parser import Blueprint
from fcv_api.web.readiness import (
    DEGRADED,
    FAILED,
    OK,
    Check,
    check_clock,
    check_database,
    check_model,
    check_workers,
    model_identity,
)
from fcv_api.web.tokens import public
from fcv_api.wire.service import HomeSchema, LiveSchema, ReadySchema

bp = Blueprint("health", __name__, description="Whether the service works")

NOTE = "Sano means none of the other three states, not healthy. Not a medical device."


@bp.get("/home")
@public
@bp.response(200, HomeSchema)
@problems(bp, "internal-error")
def home() -> dict[str, str | None]:
    """Whether the service works, and by which model, in the words that old clients read."""
    words = {OK: "OK", DEGRADED: "DEGRADED", FAILED: "NOT READY"}
    return {
        "health_check": words[_worst(_checks())],
        "note": NOTE,
        "service_version": __version__,
    } | model_identity()


@bp.get("/health/live")
@public
@bp.response(200, LiveSchema)
def check_live() -> dict[str, str]:
    """Whether this process answers. A container's healthcheck asks this."""
    return {"status": OK}


@bp.get("/health/ready")
@public
@bp.response(200, ReadySchema)
@bp.alt_response(503, schema=ReadySchema, description="This process cannot answer `/predict`.")
def check_ready() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Whether this process can answer `/predict`. A load balancer asks this."""
    checks = _checks()
    worst = _worst(checks)
    body: dict[str, Any] = {"status": "not ready" if worst == FAILED else worst, "checks": checks}
    return (body, 503, {"Retry-After": "5"}) if worst == FAILED else (body, 200, {})


def _checks() -> dict[str, Check]:
    return {
        "model": check_model(),
        "database": check_database(),
        "workers": check_workers(),
        "clock": check_clock(),
        "feed": check_feed(),
        **check_alerts(),
    }


def _worst(checks: dict[str, Check]) -> str:
    found = {check["status"] for check in checks.values()}
    return next((status for status in (FAILED, DEGRADED) if status in found), OK)
