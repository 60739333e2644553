"""What every page has around it: language, words, who is signed in, the clock; and its headers."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import request
from flask.wrappers import Response

from fcv_api.web.requests import current_service
from fcv_api.web.ward.assets import asset
from fcv_api.web.ward.language import language_of
from fcv_api.web.ward.session import current_session
from fcv_api.web.ward.ways import WARD, way_of
from fcv_api.web.ward.words import COVERS, MONITORS, say

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
"""Everything from this host, and no script or style in a page's text: what gets into a page's words cannot run."""
HEADERS = {
    "Referrer-Policy": "same-origin",  # with no-referrer, a browser's POST would name no origin to compare
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def frame() -> dict[str, Any]:
    """Return what `base.html` needs, and what every template may use."""
    language = language_of(request)
    return {
        "asset": asset,
        "here": way_of(request) if request.method == "GET" or request.endpoint == "ward.enter" else WARD,
        "covers": COVERS,
        "lang": language,
        "monitors": MONITORS,
        "now": datetime.now(current_service().zone),
        "other_lang": "en" if language == "es" else "es",
        "say": partial(say, language=language),
        "session": current_session(),
    }


def restrict(response: Response) -> Response:
    """Restrict what a browser may do with a page. It is kept nowhere: after a sign-out the way back shows nothing."""
    ancestors = current_service().ward.frame_ancestors
    response.headers["Content-Security-Policy"] = POLICY.format(ancestors=ancestors)
    if ancestors == "'none'":
        response.headers["X-Frame-Options"] = "DENY"  # for browsers that do not read frame-ancestors
    response.headers.update(HEADERS)
    if session := current_session():
        response.headers["FCV-Session"] = session.number  # the page that asks knows its own
    response.headers.setdefault("Cache-Control", "no-store")
    return response
