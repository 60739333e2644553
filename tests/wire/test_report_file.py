"""The schema of reports: the published file is what the product checks by."""

from __future__ import annotations

from pathlib import Path

import orjson
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from fcv_api.wire.report_file import json_schema


def test_the_published_schema_is_what_reports_are_checked_by(root: Path) -> None:
    published = orjson.loads((root / "docs" / "report-1.schema.json").read_bytes())
    assert published == json_schema()


def test_the_published_schema_is_json_schema_and_names_every_needed_member() -> None:
    Draft202012Validator.check_schema(json_schema())
    lacks = {error.message.split("'")[1] for error in Draft202012Validator(json_schema()).iter_errors({})}
    assert lacks >= {"data", "flow", "events", "overlap", "discrimination", "calibration", "lead_time", "burden"}
