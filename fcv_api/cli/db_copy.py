"""`fcv db copy`: all that the database holds into another one, such as from SQLite to PostgreSQL, or back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask
from sqlalchemy import Connection, Table, func, inspect, make_url, select, text
from sqlalchemy.exc import DBAPIError

import fcv_api.accounts.issued_tokens
import fcv_api.feed.tables
import fcv_api.ledger.tables  # noqa: F401 - what is looked at first must know all tables
from fcv_api import activations
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database, sqlite_file
from fcv_api.extensions import db, read_snapshot
from fcv_api.ledger.chain import Verified, verify_on
from fcv_api.ledger.published import BrokenChain
from fcv_api.settings import ROOT, Settings
from fcv_api.settings.checks import database_url

ROWS_AT_ONCE = 500
OWN = "alembic_version"


def copy(to: str, *, running: bool) -> None:
    settings = Settings.from_environment()
    target = replace(settings, database_url=database_url("--to", to, ROOT))
    if str.__str__(target.database_url) == str.__str__(settings.database_url):
        raise click.ClickException("--to names the database of FCV_DATABASE_URL itself.")
    source_app, target_app = database_app(settings), database_app(target)
    with source_app.app_context(), read_snapshot() as source:
        _refuse_source(source, running=running)
        if _exists(target):
            with target_app.app_context(), db.engine.connect() as connection:
                _refuse_unless_empty(connection)
        migrate_database(target)
        copied, verified = _copy(source, target_app)
    for name, count in copied.items():
        click.echo(f"{name:<24}{count:>12,}")
    click.echo(f"The record is whole: {verified.count:,} records. Head: {verified.head.seq} {verified.head.hash}")
    click.echo(f"Copied to {make_url(str.__str__(target.database_url))!r}. Set FCV_DATABASE_URL to it, and start.")


def _exists(settings: Settings) -> bool:
    file = sqlite_file(make_url(str.__str__(settings.database_url)))
    return file is None or file.exists()


def _refuse_source(source: Connection, *, running: bool) -> None:
    """Refuse to leave behind what this version does not know, or what a running service goes on to write."""
    missing = [name for name in db.metadata.tables if not inspect(source).has_table(name)]
    if missing:
        raise click.ClickException(f"The database has no table {missing[0]}: run `fcv db upgrade` first.")
    if foreign := _foreign(source):
        click.echo(f"Left behind, because they are none of this service's: {', '.join(foreign)}.", err=True)
    seen = activations.workers()
    if seen and not running:
        raise click.ClickException(
            f"The service runs: {len(seen)} workers were seen in the last 60 s, such as {seen[0].host}:{seen[0].pid}. "
            "Stop it, so that it records nothing that the copy lacks; or give --running for a trial."
        )


def _refuse_unless_empty(target: Connection) -> None:
    present = set(inspect(target).get_table_names())
    counts = {table.name: _count(target, table) for table in _tables() if table.name in present}
    held = [f"{name} ({count:,} rows)" for name, count in counts.items() if count]
    if held or (held := _foreign(target)):
        raise click.ClickException(f"The database of --to is not empty: it holds {', '.join(held)}.")


def _foreign(connection: Connection) -> list[str]:
    return sorted({*inspect(connection).get_table_names()} - {*db.metadata.tables, OWN})


def _tables() -> list[Table]:
    """Return all tables, each after those that it refers to."""
    return db.metadata.sorted_tables


def _copy(source: Connection, target_app: Flask) -> tuple[dict[str, int], Verified]:
    """Copy and verify in one transaction. Gives how many rows of each table, and what was verified."""
    with target_app.app_context(), _all_or_nothing() as target:
        _refuse_unless_empty(target)
        copied = {}
        for table in _tables():
            with _shown(table):
                copied[table.name] = _copy_table(table, source, target)
        _refuse_difference(copied, target)
        return copied, verify_on(target)


@contextmanager
def _all_or_nothing() -> Iterator[Connection]:
    engine = db.engine.execution_options(fcv_writes=True)
    try:
        with engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(5501)"))  # no other copy, and no migration
            yield connection
    except BrokenChain as broken:
        raise click.ClickException(
            f"Nothing was copied, because the record does not verify: {broken} `fcv ledger verify` tells whether it is "
            "so in this database too."
        ) from None
    finally:
        db.engine.dispose()


@contextmanager
def _shown(table: Table) -> Iterator[None]:
    """Return which table does not fit, without the row that a driver would quote."""
    try:
        yield
    except DBAPIError as error:
        reason = getattr(getattr(error.orig, "diag", None), "message_primary", None) or error.orig
        raise click.ClickException(f"Nothing was copied: {table.name}: {reason}") from None


def _copy_table(table: Table, source: Connection, target: Connection) -> int:
    """Copy in batches: what is in memory does not grow with the table."""
    size, count = table.info.get("rows_at_once", ROWS_AT_ONCE), 0
    query = select(table).order_by(*table.primary_key)
    with source.execute(query, execution_options={"yield_per": size}) as rows:
        for batch in rows.mappings().partitions():
            target.execute(table.insert(), [{name: _in_utc(value) for name, value in row.items()} for row in batch])
            count += len(batch)
    _go_on_after(table, target)
    return count


def _in_utc(value: Any) -> Any:  # noqa: ANN401 - a cell
    """Add the zone to times: SQLite gives back UTC without one, and PostgreSQL would take that for its own zone."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _go_on_after(table: Table, target: Connection) -> None:
    """Let the next id follow the largest that was copied. SQLite does that by itself."""
    column = table.autoincrement_column
    if target.dialect.name != "postgresql" or column is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    largest = func.max(column)
    target.execute(select(func.setval(sequence, func.coalesce(largest, 1), largest.is_not(None))))


def _refuse_difference(copied: dict[str, int], target: Connection) -> None:
    for table in _tables():
        if (there := _count(target, table)) != copied[table.name]:
            raise click.ClickException(f"Nothing was copied: {table.name} has {there} rows of {copied[table.name]}.")


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
