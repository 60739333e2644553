"""The rows of observations: what is held of some keys, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import orjson

from fcv_api.domain.observations import Key, Statement
from fcv_api.extensions.cursors import on_sqlite, run

ROWS_A_STATEMENT = 250
KEPT = """SELECT sign, at, channel, name, status, sent_at, value, unit, flag FROM observations
    WHERE encounter = ? AND sign IN ({}) AND at >= ? AND at <= ? AND source = ?"""
COLUMNS = "encounter, source, sign, at, channel, name, status, sent_at, value, unit, flag, received_at"
REPLACE = """ON CONFLICT (encounter, sign, at, source, channel, name) DO UPDATE SET status = excluded.status,
    sent_at = excluded.sent_at, value = excluded.value, unit = excluded.unit, flag = excluded.flag,
    received_at = excluded.received_at"""
UPSERT = f"INSERT INTO observations ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {REPLACE}"  # noqa: S608
TYPES = """encounter bigint, source text, sign bigint, at bigint, channel text, name text, status text, sent_at bigint,
    value float8, unit text, flag text, received_at bigint"""
UPSERT_MANY = (
    f"INSERT INTO observations ({COLUMNS}) SELECT * FROM json_to_recordset(?::json) AS row ({TYPES}) {REPLACE}"  # noqa: S608
)
"""PostgreSQL's, for rows as one JSON text, as in `ledger/record.py`: a driver needs longer for a value a cell."""


def held(cursor: Any, encounter: int, source: str, keys: Sequence[Key]) -> dict[Key, Statement]:  # noqa: ANN401
    """Return the statements that hold now, of at least these keys."""
    signs, times = sorted({key.sign for key in keys}), [key.at for key in keys]
    query = KEPT.format(", ".join("?" * len(signs)))
    found = run(cursor, query, encounter, *signs, min(times), max(times), source).fetchall()
    return {Key(*row[:4]): Statement(*row[4:]) for row in found}


def write(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:  # noqa: ANN401
    """Write rows, each as COLUMNS; on PostgreSQL not by `executemany`, a pipeline, as in `ledger/record.py`."""
    if on_sqlite(cursor):
        cursor.executemany(UPSERT, rows)
        return
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        run(cursor, UPSERT_MANY, orjson.dumps(list(map(_as_json, rows[start : start + ROWS_A_STATEMENT]))).decode())


NAMES = COLUMNS.split(", ")
VALUE = NAMES.index("value")


def _as_json(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row as JSON can carry it, which has no infinity: PostgreSQL reads one from a text."""
    cells = dict(zip(NAMES, row, strict=True))
    return cells | {"value": str(row[VALUE])} if row[VALUE] in (inf, -inf) else cells
