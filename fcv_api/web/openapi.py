"""What the OpenAPI document says of a route besides its schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fcv_api.fhir.capability import JSON as FHIR_JSON
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


OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"enum": ["OperationOutcome"]}, "issue": {"type": "array", "minItems": 1}},
}


def outcomes(blueprint: Any, *slugs: str) -> Decorator:  # noqa: ANN401
    """Document that a route of FHIR can answer with these problems, each as an OperationOutcome."""
    by_status: dict[int, list[str]] = {}
    for slug in slugs:
        by_status.setdefault(PROBLEMS[slug].status, []).append(f"`{slug}`: {PROBLEMS[slug].title}")
    responses = {
        str(status): {"description": f"{'. '.join(lines)}.", "content": {FHIR_JSON: {"schema": OUTCOME}}}
        for status, lines in sorted(by_status.items())
    }
    decorator: Decorator = blueprint.doc(responses=responses)
    return decorator


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
