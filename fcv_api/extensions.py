"""What the app is bound to: created here, bound in `app.py`. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

BUSY_TIMEOUT_MS = 3000


class Base(DeclarativeBase):
    """Constraints have names, so that a migration can change them on every database."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
jwt = JWTManager()
migrate = Migrate()


@contextmanager
def read_transaction() -> Iterator[Connection]:
    """Open a short transaction for reading. It ends with the block, so that none can turn into a write.

    A connection, not a session: every request asks for its user, and making objects would cost as much as asking.
    """
    with db.engine.connect() as connection:
        yield connection


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Open the only kind of transaction that may write: committed with the block, rolled back on an error.

    On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first and then writes
    fails with "database is locked" as soon as another one wrote in between, and no timeout helps.
    """
    engine = db.engine.execution_options(fcv_writes=True)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def write_cursor() -> Iterator[Any]:
    """Open the same transaction on the driver itself, for what every prediction writes: SQLAlchemy costs 0.2 ms more.

    What the driver raises is raised as SQLAlchemy would raise it: as DBAPIError.
    """
    engine = db.engine
    connection, driver_error = engine.raw_connection(), engine.dialect.loaded_dbapi.Error
    try:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        yield cursor
        connection.commit()
    except driver_error as error:
        raise DBAPIError.instance(None, None, error, driver_error) from error
    finally:
        connection.close()  # back to the pool, which rolls back what was not committed


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401
    if "sqlite3" not in type(connection).__module__:
        return
    connection.isolation_level = None  # the driver shall begin no transaction: `_begin` does
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",  # pages: the same few pages of the indexes are brought into the file less often
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("fcv_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
