"""The rows of observations: what is held of some keys, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcv_api.domain.observations import Key, Statement
from fcv_api.extensions.cursors import run

ROWS_A_STATEMENT = 100
KEPT = """SELECT sign, at, channel, name, status, sent_at, value, unit, flag FROM observations
    WHERE encounter = ? AND sign IN ({}) AND at >= ? AND at <= ? AND source = ?"""
ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
UPSERT = """INSERT INTO observations
    (encounter, source, sign, at, channel, name, status, sent_at, value, unit, flag, received_at) VALUES {}
    ON CONFLICT (encounter, sign, at, source, channel, name) DO UPDATE SET status = excluded.status,
    sent_at = excluded.sent_at, value = excluded.value, unit = excluded.unit, flag = excluded.flag,
    received_at = excluded.received_at"""


def held(cursor: Any, encounter: int, source: str, keys: Sequence[Key]) -> dict[Key, Statement]:  # noqa: ANN401
    """Return the statements that hold now, of at least these keys."""
    signs, times = sorted({key.sign for key in keys}), [key.at for key in keys]
    query = KEPT.format(", ".join("?" * len(signs)))
    found = run(cursor, query, encounter, *signs, min(times), max(times), source).fetchall()
    return {Key(*row[:4]): Statement(*row[4:]) for row in found}


def write(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:  # noqa: ANN401
    """Write whole statements of SQL: `executemany` would be a pipeline, as in `ledger/record.py`. rows: as ROW."""
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = rows[start : start + ROWS_A_STATEMENT]
        run(cursor, UPSERT.format(", ".join([ROW] * len(part))), *(cell for row in part for cell in row))
