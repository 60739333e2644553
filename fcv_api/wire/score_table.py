"""Scores as a table: by the names of `/predict`'s answer, in Parquet or CSV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.prediction import State
from fcv_api.domain.scores import Scores
from fcv_api.domain.words import ScoreWarning
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
CODES = "codes"
"""The warnings by their codes, which is all that CSV holds of them."""
Table = Any
"""pyarrow ships no types."""


def table_of(scores: list[Scores], model: str, classes: tuple[State, ...]) -> Table:
    """Return one row a window, in order, all by one model. A refusal has `error` and `detail`, and no probabilities."""
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
    return pa.table(columns, schema=SCHEMA.append(pa.field(CODES, pa.string())))


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

    about: what a Parquet file says of itself.
    """
    is_csv = path.suffix.lower() == ".csv"
    shown = (_flat(table, dialect) if is_csv else table.select(SCHEMA.names) for table in tables)
    write_tables(path, shown, SCHEMA.with_metadata(about), dialect.separator)


def _flat(table: Table, dialect: Dialect) -> Table:
    columns = {name: table[name] for name in SCHEMA.names} | {"warnings": table[CODES]}
    columns |= {name: _inert(table[name]) for name in ("detail", "model")}
    if dialect.decimal != ".":
        for key in INFERENCE_KEYS.values():
            columns[key] = pc.replace_substring(pc.cast(columns[key], pa.string()), ".", dialect.decimal)
    return pa.table(columns)


def _inert(column: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Return a column of few distinct texts so that a spreadsheet makes a formula of none."""
    texts = column.combine_chunks().dictionary_encode()
    return pa.array(map(inert, texts.dictionary.to_pylist()), pa.string()).take(texts.indices)
