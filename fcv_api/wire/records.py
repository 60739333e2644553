"""The record of predictions as clients read it: JSON, and CSV with one line a record."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import orjson
from marshmallow import Schema, fields

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.wire.answer import INFERENCE_KEYS, STATE_NAMES, InferencesSchema, WarningSchema
from fcv_api.wire.formulas import inert
from fcv_api.wire.record_query import STATES_BY_NAME, Cursor

CSV_COLUMNS = (
    *("id", "seq", "at", "user", "request_id", "idAtencion", "problem", "State", *INFERENCE_KEYS.values()),
    *("warnings", "model", "model_sha256", "window_first", "window_last", "duration", "runtime", "body_sha256"),
    *("previous", "hash"),
)


class WindowEndsSchema(Schema):
    """First and last instant, in UTC."""

    first = fields.String(required=True)
    last = fields.String(required=True)


class RecordSchema(Schema):
    """One prediction, or one refusal: then `problem` says why, and all that a model would say is null."""

    id = fields.String(required=True)
    seq = fields.Integer(required=True, metadata={"description": "Its number in the chain."})
    at = fields.String(required=True, metadata={"description": "When it was recorded, in UTC."})
    user = fields.Integer(required=True, metadata={"description": "The id of the account that asked."})
    request_id = fields.String(required=True)
    idAtencion = fields.Integer(required=True)  # noqa: N815
    problem = fields.String(required=True, allow_none=True)
    State = fields.String(required=True, allow_none=True, metadata={"enum": [*STATES_BY_NAME, None]})
    inferences = fields.Nested(InferencesSchema, required=True, allow_none=True)
    warnings = fields.List(fields.Nested(WarningSchema), required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True, metadata={"description": "`name/version`"})
    model_sha256 = fields.String(required=True, allow_none=True)
    window = fields.Nested(WindowEndsSchema, required=True, allow_none=True)
    duration = fields.Float(required=True, metadata={"description": "Seconds from receipt to record."})
    runtime = fields.String(required=True, allow_none=True, metadata={"description": "What computed, on what."})
    body_sha256 = fields.String(required=True)
    previous = fields.String(required=True, metadata={"description": "The hash of the record before it."})
    hash = fields.String(required=True)


class FullRecordSchema(RecordSchema):
    """One record with its window: per sign the raw values, oldest first."""

    values = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Float(allow_none=True)), required=True, allow_none=True
    )


class LatestSchema(Schema):
    """Where one encounter stands. Each part is null when there was none."""

    idAtencion = fields.Integer(required=True)  # noqa: N815
    age_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "How long ago the last score was recorded."}
    )
    score = fields.Nested(RecordSchema, required=True, allow_none=True)
    refusal = fields.Nested(RecordSchema, required=True, allow_none=True)


class RecordsSchema(Schema):
    """One page, the newest first. `next` is null on the last page."""

    predictions = fields.List(fields.Nested(RecordSchema), metadata={"description": "Not with latest=1."})
    encounters = fields.List(fields.Nested(LatestSchema), metadata={"description": "Only with latest=1."})
    next = Cursor(required=True, allow_none=True, metadata={"type": "string", "description": "Send it as `cursor`."})


class ReplaySchema(Schema):
    """A recorded window, computed again by the recorded model."""

    id = fields.String(required=True)
    model = fields.String(required=True)
    verdict = fields.String(required=True, metadata={"enum": ["equal", "within tolerance", "different"]})
    same_runtime = fields.Boolean(
        required=True, metadata={"description": "The library and the processor's features are those of the record."}
    )
    largest_difference = fields.Float(required=True)
    State = fields.String(required=True)
    inferences = fields.Nested(InferencesSchema, required=True)
    runtime = fields.String(required=True)


def as_wire(record: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the record: this room knows no tables
    """Return a record by the names of the wire."""
    return {
        "id": record.id,
        "seq": record.seq,
        "at": record.at,
        "user": record.user_id,
        "request_id": record.request_id,
        "idAtencion": record.encounter,
        **_outcome(record),
        "duration": record.duration_us / 1e6,
        "runtime": record.runtime,
        "body_sha256": record.body_sha256,
        "previous": record.previous,
        "hash": record.hash,
    }


def _outcome(record: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what came of it: a problem, or all that a model said."""
    scored = record.problem is None
    return {
        "problem": None if scored else f"/problems/{record.problem}",
        "State": STATE_NAMES[State(record.state)] if scored else None,
        "inferences": inferences(orjson.loads(record.probabilities)) if scored else None,
        "warnings": orjson.loads(record.warnings) if scored else None,
        "model": f"{record.model_name}/{record.model_version}" if scored else None,
        "model_sha256": record.model_sha256,
        "window": {"first": record.window_first, "last": record.window_last} if scored else None,
    }


def inferences(by_state: dict[str, float]) -> dict[str, float]:
    """Name probabilities as the answer does. by_state: by the states' own values."""
    return {key: by_state[state.value] for state, key in INFERENCE_KEYS.items()}


def values_of(record: Any) -> dict[str, list[float | None]] | None:  # noqa: ANN401
    """Return a record's window, sign by sign; null where a static sign was never sent."""
    if record.window_raw is None:
        return None
    raw = np.frombuffer(record.window_raw, "<f8").reshape(-1, len(SIGN_NAMES))
    columns = [[None if math.isnan(value) else value for value in column] for column in raw.T.tolist()]
    return dict(zip(SIGN_NAMES, columns, strict=True))


def csv_lines(records: Iterable[Any], age: Callable[[Any], float] | None = None) -> Iterable[str]:
    """Write records as CSV, a line at a time. Warnings are their codes, joined by spaces.

    age: seconds since a record was made, for one more column.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow((*CSV_COLUMNS, "age_seconds") if age else CSV_COLUMNS)
    yield _taken(buffer)
    for record in records:
        row = _csv_row(as_wire(record))
        writer.writerow([*row, age(record)] if age else row)
        yield _taken(buffer)


def _csv_row(record: dict[str, Any]) -> list[Any]:
    window = record["window"] or {}
    flat = record | (record["inferences"] or {}) | {f"window_{end}": window.get(end) for end in ("first", "last")}
    flat["warnings"] = " ".join(each["code"] for each in record["warnings"] or [])
    cells = [flat.get(name) for name in CSV_COLUMNS]
    return [inert(cell) if isinstance(cell, str) else cell for cell in cells]


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
