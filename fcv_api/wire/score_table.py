"""Scores as a table: by the names of `/predict`'s answer, in Parquet or CSV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.alerting import Alert
from fcv_api.domain.prediction import State
from fcv_api.domain.scores import Scores
from fcv_api.domain.words import ScoreWarning
from fcv_api.wire.alerts import cause_as_wire
from fcv_api.wire.answer import INFERENCE_KEYS, STATE_NAMES
from fcv_api.wire.csv_rows import Dialect
from fcv_api.wire.files import write_tables
from fcv_api.wire.formulas import inert

INSTANT = pa.timestamp("us", "UTC")
WORDS = [(name, pa.string()) for name in ("code", "sign", "detail", "detail_es")]
WARNING = pa.struct([*WORDS, ("figures", pa.map_(pa.string(), pa.float64()))])
SCHEMA = pa.schema(
    [
        ("idAtencion", pa.int64()),
        ("first", INSTANT),
        ("last", INSTANT),
        ("State", pa.string()),
        *((key, pa.float64()) for key in INFERENCE_KEYS.values()),
        ("warnings", pa.list_(WARNING)),
        ("error", pa.string()),
        ("detail", pa.string()),
        ("model", pa.string()),
    ]
)
ALERT = pa.field(
    "alert",
    pa.struct(
        [
            *((name, pa.string()) for name in ("policy", "cause")),
            ("raised_at", INSTANT),
            ("new", pa.bool_()),
            ("silenced_until", INSTANT),
        ]
    ),
)
"""Only under a policy. In CSV it is `alert`, its cause, and `alert_new`, as `/predict/batch` answers."""
CSV_ALERT = (pa.field("alert", pa.string()), pa.field("alert_new", pa.bool_()))
POLICY = "fcv_policy"
"""What a Parquet file names the policy of its alerts by."""
CODES = "codes"
"""The warnings by their codes, which is all that CSV holds of them."""
Table = Any
"""pyarrow ships no types."""


def table_of(
    scores: list[Scores], model: str, classes: tuple[State, ...], alerts: list[Alert | None] | None = None
) -> Table:
    """Return one row a window, in order, all by one model. A refusal has `error` and `detail`, and no probabilities.

    alerts: of each row, under a policy; without one there is no such column.
    """
    probabilities = np.concatenate([each.probabilities for each in scores])  # (n, 4)
    refused = np.isnan(probabilities[:, 0])
    states = pa.array([STATE_NAMES[state] for state in classes])
    best = pa.array(np.where(refused, 0, probabilities.argmax(axis=1)), mask=refused)  # the first of equals
    by_state = dict(zip(classes, probabilities.T, strict=True))
    errors, details = _refusals(scores, len(refused))
    warnings, codes = _warnings(scores)
    columns = [
        np.concatenate([np.full(len(each), each.encounter) for each in scores]),
        *(_instants([getattr(each, end) for each in scores]) for end in ("first", "last")),
        states.take(best),
        *(pa.array(by_state[state], mask=refused) for state in INFERENCE_KEYS),
        warnings,
        *(errors, details, pa.repeat(model, len(refused)), codes),
    ]
    table = pa.table(columns, schema=SCHEMA.append(pa.field(CODES, pa.string())))
    return table if alerts is None else table.append_column(ALERT, pa.array(map(_alert, alerts), ALERT.type))


def _alert(alert: Alert | None) -> dict[str, Any] | None:
    return None if alert is None else asdict(alert) | {"cause": cause_as_wire(alert.cause)}


def _instants(parts: list[Any]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    return pa.array(np.concatenate(parts)).cast(INSTANT)


def _refusals(scores: list[Scores], count: int) -> tuple[Any, Any]:
    """Return the columns `error` and `detail`."""
    errors: list[str | None] = [None] * count
    details: list[str | None] = [None] * count
    start = 0
    for each in scores:
        for at, reason in each.refusals.items():
            errors[start + at], details[start + at] = f"/problems/{reason.code}", str(reason)
        start += len(each)
    return pa.array(errors, pa.string()), pa.array(details, pa.string())


def _warnings(scores: list[Scores]) -> tuple[Any, Any]:
    """Return the columns `warnings` and `codes`. Most windows have the same few."""
    places: dict[tuple[ScoreWarning, ...], int] = {}
    rows = pa.array([places.setdefault(warnings, len(places)) for each in scores for warnings in each.warnings])
    listed = [[asdict(each) | {"figures": list(each.figures.items())} for each in warnings] for warnings in places]
    codes = [" ".join(dict.fromkeys(each.code for each in warnings)) for warnings in places]
    return pa.array(listed, pa.list_(WARNING)).take(rows), pa.array(codes, pa.string()).take(rows)


# Files --------------------------------------------------------------------------------------------------------


def write_scores(path: Path, tables: Iterable[Table], dialect: Dialect, about: dict[str, str]) -> None:
    """Write tables one after the other, in CSV with warnings by their codes, as `/predict/batch` answers.

    about: what a Parquet file says of itself; with `fcv_policy` the tables have alerts.
    """
    is_csv, schema = path.suffix.lower() == ".csv", SCHEMA
    for field in (CSV_ALERT if is_csv else (ALERT,)) if POLICY in about else ():
        schema = schema.append(field)
    shown = (_flat(table, dialect) if is_csv else table.select(schema.names) for table in tables)
    write_tables(path, shown, schema.with_metadata(about), dialect.separator)


def _flat(table: Table, dialect: Dialect) -> Table:
    columns = {name: table[name] for name in SCHEMA.names} | {"warnings": table[CODES]}
    columns |= {name: _inert(table[name]) for name in ("detail", "model")}
    if ALERT.name in table.column_names:
        said = {
            "alert": pc.struct_field(table[ALERT.name], "cause"),
            "alert_new": pc.struct_field(table[ALERT.name], "new"),
        }
        columns |= said
    if dialect.decimal != ".":
        for key in INFERENCE_KEYS.values():
            columns[key] = pc.replace_substring(pc.cast(columns[key], pa.string()), ".", dialect.decimal)
    return pa.table(columns)


def _inert(column: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Return a column of few distinct texts so that a spreadsheet makes a formula of none."""
    texts = column.combine_chunks().dictionary_encode()
    return pa.array(map(inert, texts.dictionary.to_pylist()), pa.string()).take(texts.indices)
