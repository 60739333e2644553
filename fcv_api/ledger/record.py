"""Append to the record: numbers, times and the chain are given under the writer's lock, and in one transaction."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import Session

from fcv_api.extensions import write_transaction
from fcv_api.ledger.tables import GENESIS, CheckpointRow, PredictionRow, utc_text

LOCK = text("SELECT set_config('lock_timeout', '3s', true), pg_advisory_xact_lock(5502)")
"""PostgreSQL's writer's lock, waited for as long as SQLite waits for its own. It ends with the transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be recorded of one encounter. problem: the refusal's, and then there is no model and no window.

    window_raw: (instants, 9) float64, little-endian, row by row, in the order of `domain.vitals.SIGNS`; window_first,
    window_last: its ends in UTC. probabilities, warnings: JSON. runtime: what computed, and on what processor.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Entry):
    """What was recorded. previous: the hash of the record before it; hash: that of its own cells, `previous` too."""

    seq: int
    id: str
    at: str
    duration_us: int
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where the chain stands: a record's number and hash."""

    seq: int
    hash: str


Also = Callable[[Session, list[Record]], None]
NAMES = tuple(field.name for field in fields(Entry))
COLUMNS = tuple(column.name for column in PredictionRow.__table__.columns)
HASHED = COLUMNS[:-1]
_INSERT = insert(PredictionRow.__table__)  # type: ignore[arg-type]
_LAST = select(PredictionRow.seq, PredictionRow.hash).order_by(PredictionRow.seq.desc()).limit(1)
_PURGED = select(CheckpointRow.seq, CheckpointRow.hash).order_by(CheckpointRow.seq.desc()).limit(1)


def append(entries: Iterable[Entry], started: float, also: Also | None = None) -> list[Record]:
    """Record all entries or none, in their order. Raises SQLAlchemyError.

    started: `perf_counter()` when the request was received. also: writes more in the same transaction.
    """
    with write_transaction() as session:
        connection = session.connection()
        lock(connection)
        records = _chained(entries, head(connection), started)
        if records:
            connection.execute(_INSERT, [_cells(record) for record in records])
        if also:
            also(session, records)
    return records


def lock(connection: Connection) -> None:
    """Be the only writer of the record until the transaction ends. On SQLite every write transaction is."""
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK)


def head(connection: Connection) -> Link:
    """Give the last record's link; that of the last purge where nothing came after it."""
    last = connection.execute(_LAST).first() or connection.execute(_PURGED).first()
    return Link(*last) if last else Link(0, GENESIS)


def digest(cells: Mapping[str, Any]) -> str:
    """Hash a record: SHA-256 over its columns but the last as a JSON array without spaces, the window in hex."""
    window = cells["window_raw"]
    array = [cells[name] for name in HASHED]
    array[_WINDOW] = None if window is None else window.hex()
    return hashlib.sha256(orjson.dumps(array)).hexdigest()


_WINDOW = HASHED.index("window_raw")


def _chained(entries: Iterable[Entry], last: Link, started: float) -> list[Record]:
    now = datetime.now(UTC)
    moment = {"at": utc_text(now), "duration_us": round((perf_counter() - started) * 1e6)}
    records = []
    for entry in entries:
        cells: dict[str, Any] = {name: getattr(entry, name) for name in NAMES} | moment
        cells |= {"seq": last.seq + 1, "id": _new_id(now), "previous": last.hash}
        last = Link(cells["seq"], digest(cells))
        records.append(Record(**cells, hash=last.hash))
    return records


def _new_id(now: datetime) -> str:
    """Give 32 characters that begin with the time, so that the newest lie side by side in the index."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def _cells(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in COLUMNS}
