"""Append to the record: numbers, times and the chain are given under the writer's lock, in the caller's transaction."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple

import orjson

from fcv_api.extensions.cursors import on_sqlite
from fcv_api.ledger.tables import GENESIS


class Entry(NamedTuple):
    """An outcome as it is given to the record.

    started: `perf_counter()` when it was asked for. problem: a refusal's, and then there is no model and no window.
    window_raw: (instants, 9) float64, little-endian, row by row, in the order of `domain.vitals.SIGNS`; window_first,
    window_last: its ends in UTC. probabilities, warnings: JSON. runtime: what computed, and on what processor.
    slot, sources: of a turn of the feed: the end of its slot in microseconds, and where its values came from.
    """

    started: float
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
    slot: int | None = None
    sources: bytes | None = None


class Record(NamedTuple):
    """A row of `predictions`: what an `Entry` says, and its place in the chain.

    at: when it was recorded, in UTC; an id begins with the same time. duration_us: from `Entry.started` to then.
    previous: the hash of the record before this one.
    """

    encounter: int
    user_id: int
    request_id: str
    body_sha256: str
    problem: str | None
    model_name: str | None
    model_version: str | None
    model_sha256: str | None
    window_first: str | None
    window_last: str | None
    window_raw: bytes | None
    probabilities: str | None
    state: str | None
    warnings: str | None
    runtime: str | None
    seq: int
    id: str
    at: str
    duration_us: int
    previous: str
    hash: str
    slot: int | None = None
    sources: bytes | None = None


class Link(NamedTuple):
    """Where the chain stands: a record's number and hash."""

    seq: int
    hash: str


WINDOW, HASH = Record._fields.index("window_raw"), Record._fields.index("hash")
OF_A_TURN = Entry._fields.index("slot")
COLUMNS = ", ".join(Record._fields)
INSERT = {
    sqlite: f"INSERT INTO predictions ({COLUMNS}) VALUES ({', '.join([mark] * len(Record._fields))})"  # noqa: S608
    for sqlite, mark in ((True, "?"), (False, "%s"))
}
NUMBERS, BYTES = ("encounter", "user_id", "seq", "duration_us", "slot"), ("window_raw", "sources")
TYPES = dict.fromkeys(Record._fields, "text") | dict.fromkeys(NUMBERS, "bigint") | dict.fromkeys(BYTES, "bytea")
INSERT_MANY = (
    f"INSERT INTO predictions ({COLUMNS}) SELECT {COLUMNS} FROM json_to_recordset(%s::json) "  # noqa: S608
    f"AS record ({', '.join(map(' '.join, TYPES.items()))})"
)
"""PostgreSQL's, for rows as one JSON text: a driver needs three times as long, under the lock, for a value a cell."""
LAST = "SELECT seq, hash FROM predictions ORDER BY seq DESC LIMIT 1"
PURGED = "SELECT seq, hash FROM ledger_checkpoints ORDER BY seq DESC LIMIT 1"
LOCK = "SELECT set_config('lock_timeout', '2s', true), pg_advisory_xact_lock(5502)"
"""PostgreSQL's writer's lock. It ends with the transaction."""
ROWS_A_STATEMENT = 250


def append(cursor: Any, entries: Sequence[Entry]) -> list[Record]:  # noqa: ANN401 - a driver's cursor
    """Record entries in their order, within a transaction that may write. Return the records: as good as its commit.

    From here on the transaction holds the record's lock, and all other writers wait for its end.
    """
    lock(cursor)
    records = _chained(entries, head(cursor))
    _insert(cursor, records)
    return records


def _insert(cursor: Any, records: Sequence[Record]) -> None:  # noqa: ANN401 - a driver's cursor
    """Write rows.

    On PostgreSQL by whole statements: `executemany` sends a pipeline, and while the server waits for the rest of one,
    its clock for idle transactions stands still. A host that froze there would hold the lock for ever.
    """
    if on_sqlite(cursor):
        cursor.executemany(INSERT[True], records)
    elif len(records) == 1:
        cursor.execute(INSERT[False], records[0])
    else:
        for start in range(0, len(records), ROWS_A_STATEMENT):
            rows = list(map(_as_json, records[start : start + ROWS_A_STATEMENT]))
            cursor.execute(INSERT_MANY, (orjson.dumps(rows).decode(),))


def _as_json(record: Record) -> dict[str, Any]:
    cells = record._asdict()
    return cells | {name: f"\\x{cells[name].hex()}" for name in BYTES if cells[name] is not None}


def lock(cursor: Any) -> None:  # noqa: ANN401 - a driver's cursor
    """Be the only writer of the record until the transaction ends. On SQLite every write transaction is."""
    if not on_sqlite(cursor):
        cursor.execute(LOCK)


def head(cursor: Any) -> Link:  # noqa: ANN401
    """Return the last record's link; that of the last purge where nothing came after it."""
    for query in (LAST, PURGED):
        cursor.execute(query)
        if found := cursor.fetchone():
            return Link(*found)
    return Link(0, GENESIS)


def digest(cells: Sequence[Any]) -> str:
    """Hash a record: SHA-256 over its window's bytes and then all other cells but the hash, as a JSON array.

    What only turns have is hashed where it is: records from before there were turns keep their hashes.
    """
    slot, sources = cells[HASH + 1 :]
    of_a_turn = () if slot is None and sources is None else (slot, sources and bytes(sources).hex())
    others = orjson.dumps((*cells[:WINDOW], *cells[WINDOW + 1 : HASH], *of_a_turn))
    return hashlib.sha256((cells[WINDOW] or b"") + others).hexdigest()


def _chained(entries: Sequence[Entry], last: Link) -> list[Record]:
    """Number entries, add their ids and one time, and chain them to the last record."""
    now, clock = datetime.now(UTC), perf_counter()
    at, moment = utc_text(now), id_prefix(now)
    previous, records = last.hash, []
    for seq, entry in enumerate(entries, last.seq + 1):
        duration_us = round((clock - entry.started) * 1e6)
        # The newest ids lie side by side in the index.
        place = seq, f"{moment}{os.urandom(10).hex()}", at, duration_us, previous
        cells: tuple[Any, ...] = (*entry[1:OF_A_TURN], *place)
        previous = digest((*cells, "", *entry[OF_A_TURN:]))
        records.append(Record._make((*cells, previous, *entry[OF_A_TURN:])))
    return records


def utc_text(moment: datetime) -> str:
    """Write an instant as the tables hold it: 27 characters, in the order of time when compared as text."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def id_prefix(moment: datetime, later: int = 0) -> str:
    """Return what the id of a record of a moment begins with: its time in ms. later: ms to add."""
    return f"{max(int(moment.timestamp() * 1000) + later, 0):012x}"


def utc_moment(text: str) -> datetime:
    """Read what `utc_text` wrote."""
    return datetime.fromisoformat(text)
