"""What the OpenAPI document says of a route besides its schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apispec import APISpec, BasePlugin
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow.fields import Field
from werkzeug.routing import Rule

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
REQUEST_ID = {
    "in": "header",
    "name": "X-Request-ID",
    "schema": {"type": "string"},
    "description": "The caller's own name for this call, which answer and log repeat: up to 64 letters, digits, "
    "dots, colons, dashes and underscores. Anything else is replaced.",
}
CSV_TABLE = {
    "type": "string",
    "format": "binary",
    "description": "A table as CSV, in UTF-8: its first line names the columns.",
}
CSV_CONTENT: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/CsvTable"}}
UNUSED = ("Error", "PaginationMetadata")
"""Schemas of flask-smorest's own answers, of which the service gives none."""


def spec_options() -> dict[str, Any]:
    """Return what the document says of the service as a whole."""
    components = {
        "securitySchemes": SECURITY_SCHEMES,
        "schemas": {"CsvTable": CSV_TABLE},
        "parameters": {"RequestId": REQUEST_ID},
    }
    return {"info": {"description": DESCRIPTION}, "components": components}


def spec_plugins() -> dict[str, Any]:
    """Return what else describes the routes and schemas. Each document needs its own."""
    return {"extra_plugins": [Operations()], "marshmallow_plugin": Schemas()}


class Operations(BasePlugin):
    """Says of each operation what holds for all: its name, and that the caller may name the call.

    The name is the view's: generated clients call it so, and must find it again in later versions.
    """

    def operation_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - apispec's own signature
        operations: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Complete the operations of a rule."""
        rule: Rule = kwargs["rule"]
        for operation in (operations or {}).values():
            operation["operationId"] = rule.endpoint.rpartition(".")[2]
            operation.setdefault("parameters", []).append("RequestId")


class Schemas(MarshmallowPlugin):
    """Describes what may be null as one type or null."""

    def init_spec(self, spec: APISpec) -> None:
        """Bind it to a document."""
        super().init_spec(spec)
        assert self.converter  # noqa: S101 - made by what was just called
        self.converter.add_attribute_function(one_or_null)  # type: ignore[no-untyped-call]


def one_or_null(_converter: object, field: Field[Any], *, ret: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
    """Part null from an object or a choice that may be null: a client is generated with the type itself then.

    apispec allows any object beside the one that is meant, or names null among the choices.
    """
    null = {"nullable": True, "enum": [None]}
    if not field.allow_none:
        return {}
    if "anyOf" in ret:
        (meant,) = (each for each in ret["anyOf"] if "$ref" in each)
        return {"anyOf": [meant, {"type": "object", **null}]}
    if None in ret.get("enum", ()):
        choice = {"type": ret.pop("type"), "enum": [each for each in ret.pop("enum") if each is not None]}
        ret.pop("nullable")
        return {"anyOf": [choice, {"type": choice["type"], **null}]}
    return {}


OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"type": "string"},
        "issue": {"type": "array", "minItems": 1, "items": {"type": "object"}},
    },
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
