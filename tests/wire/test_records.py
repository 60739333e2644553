"""A record as it is answered: also one that was made by an older version."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from recorded import PREDICTION

from fcv_api.wire.records import RecordSchema, as_wire, csv_lines

OLD = [{"code": "filled", "sign": "MDC_TEMP", "detail": "MDC_TEMP: 9 of 20 values were filled."}]
NEW = [OLD[0] | {"detail_es": "MDC_TEMP: 9 de 20 valores se rellenaron.", "figures": {"filled": 9.0, "of": 20.0}}]


def record(warnings: list[dict[str, Any]]) -> SimpleNamespace:
    kept = PREDICTION._asdict() | {"warnings": json.dumps(warnings)}
    numbered = {"id": "a" * 32, "seq": 1, "at": "2026-11-24T17:18:31.452253Z", "duration_us": 8492}
    return SimpleNamespace(**kept, **numbered, previous="b" * 64, hash="c" * 64)


def test_warnings_are_answered_as_they_were_recorded_by_every_version() -> None:
    for warnings in (OLD, NEW, []):
        assert RecordSchema().dump(as_wire(record(warnings)))["warnings"] == warnings


def test_csv_has_the_codes_of_every_version() -> None:
    lines = list(csv_lines([record(OLD), record(NEW)]))
    assert [",filled," in line for line in lines] == [False, True, True]
