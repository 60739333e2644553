"""Answers that are given again to a retry: kept for a day, in the transaction of their records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from fcv_api.extensions import db, read_transaction, write_cursor
from fcv_api.ledger.record import lock, on_sqlite
from fcv_api.ledger.tables import utc_text

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
    """Give what the user and key got within the last day, whatever was asked with them."""
    query = _marked(FIND, sqlite=db.engine.dialect.name == "sqlite")
    with read_transaction() as connection:
        return _reply(connection.exec_driver_sql(query, (asked.user_id, asked.key, _expiry())).first())


def keep(cursor: Any, asked: Asked, answer: bytes) -> None:  # noqa: ANN401 - a driver's cursor
    """Keep an answer, under the writer's lock. Raises AlreadyAnswered, and then its records must be taken back."""
    if found := _reply(_run(cursor, FIND, asked.user_id, asked.key, _expiry()).fetchone()):
        raise AlreadyAnswered(found)
    _run(cursor, FORGET_KEY, asked.user_id, asked.key)
    _run(cursor, FORGET_OLDEST, _expiry(), FEW)
    _run(cursor, INSERT, *asked, utc_text(datetime.now(UTC)), answer)


def forget_expired() -> None:
    """Delete what is older than a day, in small transactions: a patient's answer does not wait for the next key."""
    query = _marked(EXPIRED, sqlite=db.engine.dialect.name == "sqlite")
    with read_transaction() as connection:
        due = connection.exec_driver_sql(query, (_expiry(),)).first() is not None
    while due:
        with write_cursor() as cursor:
            lock(cursor)
            due = _run(cursor, FORGET_OLDEST, _expiry(), MANY).rowcount == MANY


def _expiry() -> str:
    return utc_text(datetime.now(UTC) - KEPT)


def _reply(row: Any) -> Reply | None:  # noqa: ANN401 - a driver's row
    return Reply(Asked(*row[:4]), *row[4:]) if row else None


def _run(cursor: Any, statement: str, *values: object) -> Any:  # noqa: ANN401
    cursor.execute(_marked(statement, sqlite=on_sqlite(cursor)), values)
    return cursor


def _marked(statement: str, *, sqlite: bool) -> str:
    """Write a statement's places as the driver wants them."""
    return statement if sqlite else statement.replace("?", "%s")
