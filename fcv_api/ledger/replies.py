"""Answers that are given again to a retry: kept for a day, in the transaction of their records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from fcv_api.extensions.cursors import read_cursor, run, write_cursor
from fcv_api.ledger.record import lock, utc_text

KEPT = timedelta(hours=24)
FEW, MANY = 20, 500
"""How many expired answers one keyed request deletes, and one transaction of nobody's."""
FIND = "SELECT user_id, key, request, body_sha256, at, answer FROM replies WHERE user_id = ? AND key = ? AND at >= ?"
FORGET_KEY = "DELETE FROM replies WHERE user_id = ? AND key = ?"
FORGET_OLDEST = """DELETE FROM replies WHERE (user_id, key) IN
    (SELECT user_id, key FROM replies WHERE at < ? ORDER BY at LIMIT ?)"""
INSERT = "INSERT INTO replies (user_id, key, request, body_sha256, at, answer) VALUES (?, ?, ?, ?, ?, ?)"
EXPIRED = "SELECT 1 FROM replies WHERE at < ? LIMIT 1"


class Asked(NamedTuple):
    """A request that carries a key. request: its path and content type."""

    user_id: int
    key: str
    request: str
    body_sha256: str


class Reply(NamedTuple):
    """What was answered, as bytes, and when it was kept."""

    asked: Asked
    at: str
    answer: bytes


class AlreadyAnswered(Exception):
    """Another request of the same user and key was faster. `reply` is its answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("another request with this key was answered first")
        self.reply = reply


def find(asked: Asked) -> Reply | None:
    """Return what the user and key got within the last day, whatever was asked with them."""
    with read_cursor() as cursor:
        return _reply(run(cursor, FIND, asked.user_id, asked.key, _expiry()).fetchone())


def keep(cursor: Any, asked: Asked, answer: bytes) -> None:  # noqa: ANN401 - a driver's cursor
    """Keep an answer, under the writer's lock. Raises AlreadyAnswered, and then its records must be taken back."""
    if found := _reply(run(cursor, FIND, asked.user_id, asked.key, _expiry()).fetchone()):
        raise AlreadyAnswered(found)
    run(cursor, FORGET_KEY, asked.user_id, asked.key)
    run(cursor, FORGET_OLDEST, _expiry(), FEW)
    run(cursor, INSERT, *asked, utc_text(datetime.now(UTC)), answer)


def forget_expired() -> None:
    """Delete what is older than a day, in small transactions: a patient's answer does not wait for the next key."""
    with read_cursor() as cursor:
        due = run(cursor, EXPIRED, _expiry()).fetchone() is not None
    while due:
        with write_cursor() as cursor:
            lock(cursor)
            due = run(cursor, FORGET_OLDEST, _expiry(), MANY).rowcount == MANY


def _expiry() -> str:
    return utc_text(datetime.now(UTC) - KEPT)


def _reply(row: Any) -> Reply | None:  # noqa: ANN401 - a driver's row
    return Reply(Asked(*row[:4]), *row[4:]) if row else None
