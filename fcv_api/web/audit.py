"""What a request tells the security log."""

from __future__ import annotations

from flask import request

from fcv_api import security_log
from fcv_api.web.requests import current_request


def log_event(event: str, **details: str | int | None) -> None:
    """Write an event of this request, with its id, its address, its route and its account."""
    context = current_request()
    own = {
        "request_id": context.request_id,
        "address": request.remote_addr,
        "route": request.url_rule.rule if request.url_rule else None,  # not the path, which may hold anything
        "user": context.user_id,
    }
    security_log.write(event, **(own | details))
