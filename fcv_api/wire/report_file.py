"""A report as a file: read, checked for the members that attesting needs, and its schema as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import ValidationError

from fcv_api.domain.evidence import UnusableReport
from fcv_api.wire.validation_report import SCHEMA, ReportSchema

MISSING = "Missing data for required field."


def read_report(path: Path) -> dict[str, Any]:
    """Read a report, whose members are not looked at yet. Raises UnusableReport."""
    try:
        report = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnusableReport(f"{path} is not JSON: {error}.") from None
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise UnusableReport(f"{path} is no report of the schema {SCHEMA}, as `fcv evaluate` writes it.")
    return report


def check_members(report: dict[str, Any]) -> None:
    """Raise UnusableReport where a report lacks what attesting needs, or misstates it, naming all of that."""
    try:
        ReportSchema().load(report)
    except ValidationError as error:
        found = list(_flat(error.messages, ""))
        missing = [name for name, reason in found if reason == MISSING]
        wrong = [f"{name}: {reason.rstrip('.')}" for name, reason in found if reason != MISSING]
        lacks = [f"lacks {', '.join(missing)}"] if missing else []
        misstates = [f"misstates {'; '.join(wrong)}"] if wrong else []
        raise UnusableReport(f"The report {', and '.join([*lacks, *misstates])}.") from None


def json_schema() -> dict[str, Any]:
    """Return the schema of a report as JSON Schema of 2020-12."""
    spec = APISpec("report", "1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Report", schema=ReportSchema)
    text = orjson.dumps(spec.to_dict()["components"]["schemas"]).replace(b"#/components/schemas/", b"#/$defs/")
    parts: dict[str, Any] = orjson.loads(text)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA}
    own: dict[str, Any] = parts.pop("Report")
    return head | own | {"$defs": parts}


def _flat(messages: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - marshmallow's own nesting
    """Yield each member's dotted name and its first reason."""
    if not isinstance(messages, dict):
        yield path, str(messages[0])
        return
    for name, each in messages.items():
        yield from _flat(each, f"{path}.{name}" if path else str(name))
