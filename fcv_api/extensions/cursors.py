"""The driver's own cursors, for what every prediction reads and writes: SQLAlchemy costs 0.2 ms more, each time.

What the driver raises is raised as SQLAlchemy would raise it: as DBAPIError.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from fcv_api.extensions import db, waiting

SECONDS_IN_LINE = 2.0


def on_sqlite(cursor: Any) -> bool:  # noqa: ANN401 - a driver's cursor
    """Say which of the two databases this is."""
    return isinstance(cursor, sqlite3.Cursor)


def run(cursor: Any, statement: str, *values: object) -> Any:  # noqa: ANN401
    """Run a statement that has a `?` for each value, and give the cursor."""
    cursor.execute(statement if on_sqlite(cursor) else statement.replace("?", "%s"), values)
    return cursor


@contextmanager
def read_cursor() -> Iterator[Any]:
    """Open a short transaction for reading."""
    with _cursor(db.engine) as (_connection, cursor):
        yield cursor


@contextmanager
def write_cursor() -> Iterator[Any]:
    """Open the transaction that may write: committed with the block, rolled back on an error."""
    engine = db.engine
    with waiting(engine.dialect), _in_turn(engine.dialect), _cursor(engine) as (connection, cursor):
        if on_sqlite(cursor):
            cursor.execute("BEGIN IMMEDIATE")
        yield cursor
        connection.commit()


def ended_idle(error: DBAPIError) -> bool:
    """Say whether PostgreSQL ended a transaction for its client's silence: then nothing of it was written."""
    return getattr(error.orig, "sqlstate", "") == "25P03"


@contextmanager
def _cursor(engine: Engine) -> Iterator[tuple[PoolProxiedConnection, Any]]:
    """Take a connection from the pool, and give it back: the pool rolls back what is left."""
    driver_error = engine.dialect.loaded_dbapi.Error
    try:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                yield connection, cursor
            except driver_error as error:
                if engine.dialect.is_disconnect(error, connection.dbapi_connection, cursor):
                    connection.invalidate(error)
                raise
    except driver_error as error:
        raise DBAPIError.instance(None, None, error, driver_error) from error


_TURNS: WeakKeyDictionary[Dialect, threading.Lock] = WeakKeyDictionary()


@contextmanager
def _in_turn(dialect: Dialect) -> Iterator[None]:
    """Let a process stand in PostgreSQL's queue for the record's lock with one of its threads only.

    A host that freezes keeps its places in that queue, and each costs the others a timeout of PostgreSQL's.
    """
    turn = _TURNS.setdefault(dialect, threading.Lock())
    if dialect.name == "sqlite":
        yield
    elif turn.acquire(timeout=SECONDS_IN_LINE):
        try:
            yield
        finally:
            turn.release()
    else:
        raise OperationalError(None, None, TimeoutError("The database was locked by another thread."))
