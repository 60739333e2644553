"""What the OpenAPI document says of a route besides its schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fcv_api.web.problems import MEDIA_TYPE, PROBLEMS
from fcv_api.wire.service import ProblemSchema

Decorator = Callable[[Any], Any]
DESCRIPTION = """From a bedside monitor's last 100 minutes to the probabilities of cardiac arrest, low cardiac output,
cardiogenic shock, or none of these three. **Not a medical device.** *Sano* means none of the three, **not healthy**.

To try it: make an account with `POST /auth/create_user`, sign in with the *Authorize* button, then *Try it out*
under `POST /predict`."""
TOKEN_NEEDED: dict[str, Any] = {"security": [{"password": []}, {"bearer": []}]}
SECURITY_SCHEMES = {
    "password": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/auth/token", "scopes": {}}}},
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}


def spec_options() -> dict[str, Any]:
    """Return what the document says of the service as a whole."""
    return {"info": {"description": DESCRIPTION}, "components": {"securitySchemes": SECURITY_SCHEMES}}


def problems(blueprint: Any, *slugs: str) -> Decorator:  # noqa: ANN401 - flask-smorest ships no types
    """Document that a route can answer with these problems: one decorator, as each costs every request a call."""
    responses = {}
    for status in sorted({PROBLEMS[slug].status for slug in slugs}):
        lines = [
            f"`{PROBLEMS[slug].type}`: {PROBLEMS[slug].title}" for slug in slugs if PROBLEMS[slug].status == status
        ]
        content = {MEDIA_TYPE: {"schema": ProblemSchema}}
        responses[str(status)] = {"description": ". ".join(lines) + ".", "content": content}
    decorator: Decorator = blueprint.doc(responses=responses)
    return decorator
