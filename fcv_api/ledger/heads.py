"""Publish where the chain stands: one line a head in `heads.log`, a log where no request is written.

A line's format is fixed, and nothing that a client sends is in it: `ledger/published.py` reads whole lines only.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from fcv_api.extensions import read_transaction
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.ledger.record import Link, head, lock, utc_text
from fcv_api.ledger.tables import GENESIS, HeadRow

BETWEEN_HEADS = timedelta(minutes=5)
NEWEST = "SELECT seq, at FROM ledger_heads ORDER BY seq DESC LIMIT 1"
PURGED = """SELECT (SELECT SUM(count) FROM ledger_checkpoints), seq, hash
FROM ledger_checkpoints ORDER BY seq DESC LIMIT 1"""

log = logging.getLogger("fcv_api.heads")
log.propagate = False  # never into app.log


class Purged(NamedTuple):
    """How many records were purged in all, and the last of them."""

    total: int
    seq: int
    hash: str


class Head(NamedTuple):
    """Where the chain stands, and from where it goes on."""

    last: Link
    purged: Purged


def publish_head(*, at_once: bool = False) -> Head | None:
    """Publish the chain's head and return it; None where that was done within 5 minutes, or nothing is new.

    Every worker of every host may ask: one of them gets it. at_once: however short a time ago, as at a clean stop.
    """
    with read_transaction() as connection:
        newest = connection.execute(select(HeadRow.seq, HeadRow.at).order_by(HeadRow.seq.desc()).limit(1)).first()
    if newest and not at_once and _is_recent(newest.at):
        return None
    with write_cursor() as cursor:
        lock(cursor)
        last = head(cursor)
        seq, at = run(cursor, NEWEST).fetchone() or (0, "")
        if last.seq <= seq or (not at_once and _is_recent(at)):
            return None
        run(cursor, "INSERT INTO ledger_heads (seq, hash, at) VALUES (?, ?, ?)", *last, utc_text(datetime.now(UTC)))
        published = Head(last, _purged(cursor))
    _write("head", *published.last, "purged", *published.purged)
    return published


def announce_purge(up_to: Link, count: int) -> None:
    """Announce that a purge begins. Raises OSError where the log that was opened for it cannot be written.

    It is said before the first record is deleted: a purge that is cut off is still one that was announced.
    """
    _write("purge", *up_to, "count", count)


def announce_restore(last: Link) -> None:
    """Announce that a backup is put in place, and where its chain ends. Raises OSError, as `announce_purge` does."""
    _write("restore", *last)


def _is_recent(at: str) -> bool:
    """Whether a head was published within 5 minutes. One from the future is that of a clock that was wrong."""
    now = datetime.now(UTC)
    return utc_text(now - BETWEEN_HEADS) < at <= utc_text(now)


def _purged(cursor: Any) -> Purged:  # noqa: ANN401 - a driver's cursor
    total, seq, last_hash = run(cursor, PURGED).fetchone() or (0, 0, GENESIS)
    return Purged(int(total), seq, last_hash)  # PostgreSQL's sum is no int


def _write(*words: str | int) -> None:
    log.info("%s", " ".join(map(str, (utc_text(datetime.now(UTC)), *words))))
