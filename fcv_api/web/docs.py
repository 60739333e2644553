"""`/docs`: Swagger UI from this host, and what a browser may do with it."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

from flask import Blueprint, Response
from flask_swagger_ui import get_swaggerui_blueprint

INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
LOGO_STYLE = b".logo_small_svg__cls-2{fill:#fff}.logo_small_svg__cls-3{fill:#85ea2d}"
"""The one style sheet that Swagger UI's scripts write into the page: of its logo. The browser's test finds others."""
POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{style}; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Everything from this host. Swagger UI has its icons in `data:` URLs, and asks the service by fetch, not by forms."""


def docs_blueprint() -> Blueprint:
    """Return Swagger UI's blueprint, each answer of which carries a Content-Security-Policy."""
    ui = {
        "app_name": "FCV-MLAPI",
        "oauth2RedirectUrl": "/docs/oauth2-redirect.html",
        "validatorUrl": "none",  # the page would ask a host on the internet
    }
    made: Blueprint = get_swaggerui_blueprint("/docs", "/openapi.json", config=ui)
    made.after_request(_restrict)
    return made


def _restrict(response: Response) -> Response:
    """Allow a page the scripts that stand in it now, by their hashes, and no other that could get into it."""
    page = b"" if response.is_streamed else response.get_data()
    scripts = "".join(map(_source, INLINE_SCRIPT.findall(page)))
    response.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts, style=_source(LOGO_STYLE))
    response.headers["X-Frame-Options"] = "DENY"  # for browsers that do not read frame-ancestors
    return response


def _source(text: bytes) -> str:
    """Return a text as the source that a policy allows."""
    return f" 'sha256-{base64.b64encode(sha256(text).digest()).decode()}'"
