"""What the app is bound to: created here, bound in `app.py`. This room imports nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

from fcv_api.extensions.breaker import waiting
from fcv_api.extensions.postgresql import be_impatient, connect_arguments
from fcv_api.extensions.sqlite_file import KnownFile, use_known_file

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


def bind_database(app: Flask, given: str, threads: int, *, serving: bool) -> None:
    """Bind a database to an app. serving: somebody waits for an answer, so wait for the database no longer than that.

    threads: of this process. Each uses one connection at a time, and the watch for activations one more.
    """
    url = make_url(given)
    pool: dict[str, Any] = {"poolclass": NullPool}
    if serving:  # the connection used last has its pages and statements at hand
        pool = {"pool_size": threads + 1, "max_overflow": 0, "pool_timeout": 3, "pool_use_lifo": True}
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = pool | {"connect_args": connect_arguments(url, serving=serving)}
    db.init_app(app)
    if not serving:
        return
    with app.app_context():
        if url.get_backend_name() == "postgresql":
            be_impatient(db.engine)
        elif not str(url.database).startswith("file:"):  # SQLite's own URI
            file = app.extensions["sqlite_file"] = KnownFile(Path(str(url.database)))
            use_known_file(db.engine, file)


def known_file() -> KnownFile | None:
    """Return the SQLite file that the service uses; None on another database, and in a command."""
    file: KnownFile | None = current_app.extensions.get("sqlite_file")
    return file


@contextmanager
def read_transaction() -> Iterator[Connection]:
    """Open a short transaction for reading. It ends with the block, so that none can turn into a write.

    A connection, not a session: every request asks for its user, and making objects would cost as much as asking.
    """
    with db.engine.connect() as connection:
        yield connection


@contextmanager
def read_snapshot() -> Iterator[Connection]:
    """Open a transaction for reading, in which all is seen as it stands now, however long it takes."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's are so anyway
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
        yield connection


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Open the only kind of transaction that may write: committed with the block, rolled back on an error.

    On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first and then writes
    fails with "database is locked" as soon as another one wrote in between, and no timeout helps.
    """
    engine = db.engine.execution_options(fcv_writes=True)
    with waiting(engine.dialect), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


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
