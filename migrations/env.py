"""Alembic's entry: the database and the tables, without building the app."""

from __future__ import annotations

import logging

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect, make_url, text

import fcv_api.accounts.issued_tokens
import fcv_api.activations
import fcv_api.feed.tables
import fcv_api.ledger.tables  # noqa: F401 - the same
from fcv_api.extensions import db
from fcv_api.extensions.postgresql import connect_arguments
from fcv_api.settings import Settings

log = logging.getLogger("fcv_api")


def run() -> None:
    """Migrate in one transaction, alone: of two instances that start at once, one waits and finds nothing to do.

    SQLite's part of that is in `migrate_database`: its own lock is not waited for as long as a migration may take.
    A process that is killed in the middle has changed nothing.
    """
    url = make_url(context.config.attributes.get("url") or str.__str__(Settings.from_environment().database_url))
    engine = create_engine(url, connect_args=connect_arguments(url)).execution_options(fcv_writes=True)
    try:
        with engine.connect() as connection, connection.begin():
            _migrate(connection)
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(5501)"))
    context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True)
    if not _is_newer(connection):
        context.run_migrations()


def _is_newer(connection: Connection) -> bool:
    """Say whether a newer version has migrated this database. Raises CommandError where this one cannot use it."""
    present = context.get_context().get_current_revision()
    if present is None or present in {script.revision for script in context.script.walk_revisions()}:
        return False
    if lacking := _lacking(connection):
        raise CommandError(
            f"A newer version of FCV-MLAPI has migrated this database (to {present}), and this version cannot use it: "
            f"{', '.join(lacking)}. Run the newer version again: a backup from before the upgrade lacks all that was "
            "recorded since."
        )
    log.warning("A newer version has migrated this database (to %s); it has all that this version needs.", present)
    return True


def _lacking(connection: Connection) -> list[str]:
    """Say what this version needs and the database lacks, or what it demands and this version never gives."""
    inspector, told = inspect(connection), []
    for table in db.metadata.sorted_tables:
        if not inspector.has_table(table.name):
            told.append(f"there is no table {table.name}")
            continue
        columns = {column["name"]: column for column in inspector.get_columns(table.name)}
        told += [f"{table.name} has no {name}" for name in table.columns.keys() - columns.keys()]
        told += [
            f"{table.name} demands {name}"
            for name, column in columns.items()
            if name not in table.columns and not column["nullable"] and column["default"] is None
        ]
    return told


run()
