"""Append to the record: numbers, times and the chain are given under the writer's lock, and in one transaction."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple

import orjson
from sqlalchemy.exc import DBAPIError

from fcv_api.extensions.cursors import SECONDS_IN_LINE, ended_idle, on_sqlite, write_cursor
from fcv_api.ledger.tables import GENESIS, utc_text


class Record(NamedTuple):
    """A row of `predictions`. What is given to `append` has no place in the chain yet: it ends with `runtime`.

    problem: a refusal's, and then there is no model and no window. window_raw: (instants, 9) float64, little-endian,
    row by row, in the order of `domain.vitals.SIGNS`; window_first, window_last: its ends in UTC. probabilities,
    warnings: JSON. runtime: what computed, and on what processor. previous: the hash of the record before this one.
    """

    encounter: int
    user_id: int
    request_id: str
    body_sha256: str
    problem: str | None = None
    model_name: str | None = None
    model_version: str | None = None
    model_sha256: str | None = None
    window_first: str | None = None
    window_last: str | None = None
    window_raw: bytes | None = None
    probabilities: str | None = None
    state: str | None = None
    warnings: str | None = None
    runtime: str | None = None
    seq: int = 0
    id: str = ""
    at: str = ""
    duration_us: int = 0
    previous: str = GENESIS
    hash: str = ""


class Link(NamedTuple):
    """Where the chain stands: a record's number and hash."""

    seq: int
    hash: str


Also = Callable[[Any, list[Record]], None]
GIVEN = Record._fields.index("seq")
WINDOW, HASH = Record._fields.index("window_raw"), Record._fields.index("hash")
COLUMNS = ", ".join(Record._fields)
INSERT = {
    sqlite: f"INSERT INTO predictions ({COLUMNS}) VALUES ({', '.join([mark] * len(Record._fields))})"  # noqa: S608
    for sqlite, mark in ((True, "?"), (False, "%s"))
}
LAST = "SELECT seq, hash FROM predictions ORDER BY seq DESC LIMIT 1"
PURGED = "SELECT seq, hash FROM ledger_checkpoints ORDER BY seq DESC LIMIT 1"
LOCK = "SELECT set_config('lock_timeout', '2s', true), pg_advisory_xact_lock(5502)"
"""PostgreSQL's writer's lock. It ends with the transaction."""
ROWS_A_STATEMENT = 100


def append(given: Sequence[Record], started: float, also: Also | None = None) -> list[Record]:
    """Record all that is given or nothing, in its order. Raises SQLAlchemyError.

    started: `perf_counter()` when the request was received. also: writes more in the same transaction, by the driver's
    cursor that it is given.

    A process that stands still in the middle of it, as on a host that is short of processors, loses the lock to the
    others, and all that it wrote with it. When it goes on in time it stands in the line again.
    """
    began = perf_counter()
    try:
        return _append(given, started, also)
    except DBAPIError as error:
        if not ended_idle(error) or perf_counter() - began > SECONDS_IN_LINE:
            raise
    return _append(given, started, also)


def _append(given: Sequence[Record], started: float, also: Also | None) -> list[Record]:
    with write_cursor() as cursor:
        lock(cursor)
        records = chained(given, head(cursor), started)
        insert(cursor, records)
        if also:
            also(cursor, records)
    return records


def insert(cursor: Any, records: Sequence[Record]) -> None:  # noqa: ANN401 - a driver's cursor
    """Write rows.

    On PostgreSQL by whole statements: `executemany` sends a pipeline, and while the server waits for the rest of one,
    its clock for idle transactions stands still. A host that froze there would hold the lock for ever.
    """
    if on_sqlite(cursor):
        cursor.executemany(INSERT[True], records)
        return
    another_row = f", ({', '.join(['%s'] * len(Record._fields))})"
    for start in range(0, len(records), ROWS_A_STATEMENT):
        part = records[start : start + ROWS_A_STATEMENT]
        cursor.execute(INSERT[False] + another_row * (len(part) - 1), [cell for record in part for cell in record])


def lock(cursor: Any) -> None:  # noqa: ANN401 - a driver's cursor
    """Be the only writer of the record until the transaction ends. On SQLite every write transaction is."""
    if not on_sqlite(cursor):
        cursor.execute(LOCK)


def head(cursor: Any) -> Link:  # noqa: ANN401
    """Give the last record's link; that of the last purge where nothing came after it."""
    for query in (LAST, PURGED):
        cursor.execute(query)
        if found := cursor.fetchone():
            return Link(*found)
    return Link(0, GENESIS)


def digest(cells: Sequence[Any]) -> str:
    """Hash a record: SHA-256 over its window's bytes and then all other cells but the hash, as a JSON array."""
    others = orjson.dumps((*cells[:WINDOW], *cells[WINDOW + 1 : HASH]))
    return hashlib.sha256((cells[WINDOW] or b"") + others).hexdigest()


def chained(given: Sequence[Record], last: Link, started: float) -> list[Record]:
    """Give records their numbers, ids and time, and chain them to the last one."""
    now = datetime.now(UTC)
    moment, at, duration_us = int(now.timestamp() * 1000), utc_text(now), round((perf_counter() - started) * 1e6)
    seq, previous = last
    records = []
    for each in given:
        seq += 1
        cells: tuple[Any, ...] = (*each[:GIVEN], seq, new_id(moment), at, duration_us, previous)
        previous = digest(cells)
        records.append(Record._make((*cells, previous)))
    return records


def new_id(moment: int) -> str:
    """Give 32 characters that begin with the time in ms, so that the newest lie side by side in the index."""
    return f"{moment:012x}{os.urandom(10).hex()}"
