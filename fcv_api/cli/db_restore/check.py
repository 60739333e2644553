"""`fcv db restore --check`: a backup restored into a scratch copy and verified. The live database is not touched."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from fcv_api.cli.backup_folder import Checked, backups, write_check
from fcv_api.cli.db import migrate_database
from fcv_api.cli.db_backup import copy_file
from fcv_api.cli.db_restore.postgresql import pg_restore
from fcv_api.cli.db_restore.prepare import Before, Restored, prepare
from fcv_api.cli.doctor.finding import reason_of
from fcv_api.ledger.published import BrokenChain, Published
from fcv_api.settings import Secret, Settings

OF_SQLITE, OF_POSTGRESQL = b"SQLite format 3\0", b"PGDMP"
CREATEDB = "A scratch database is needed: ALTER ROLE ... CREATEDB, for the role of FCV_DATABASE_URL."


def check(settings: Settings, file: Path | None, published: Published) -> None:
    """Prove a backup, the newest one where none is named, and keep the verdict. Raises ClickException."""
    folder = settings.backup_dir
    chosen = file or _newest(settings)
    problem = ""
    try:
        done = proven(settings, chosen, published)
    except (BrokenChain, click.ClickException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        problem = error.message if isinstance(error, click.ClickException) else reason_of(error)
    if folder and chosen.absolute().parent == folder.absolute():
        write_check(folder, Checked(chosen.name, datetime.now(UTC), problem))
    if problem:
        raise click.ClickException(f"{chosen} is NOT proven. {problem}")
    head = done.verified.head
    click.echo(f"{chosen} is proven: {done.accounts:,} accounts, {done.verified.count:,} records, whole.")
    click.echo(f"Head: {head.seq} {head.hash}. It was restored into a scratch copy, which is gone again.")


def _newest(settings: Settings) -> Path:
    if settings.backup_dir is None:
        raise click.UsageError("Name FILE, or set FCV_BACKUP_DIR.")
    try:
        found = backups(settings.backup_dir)
    except OSError as error:
        raise click.ClickException(f"{settings.backup_dir}: {error.strerror}.") from None
    if not found:
        raise click.ClickException(f"{settings.backup_dir} holds no backup of `fcv db backup`.")
    return found[0]


def proven(settings: Settings, file: Path, published: Published) -> Restored:
    """Restore a backup into a scratch copy, as a restore does, and verify it there. Raises what went wrong."""
    with file.open("rb") as opened:
        start = opened.read(16)
    if start == OF_SQLITE:
        scratch = _sqlite_copy(file)
    elif start.startswith(OF_POSTGRESQL):
        scratch = _postgresql_copy(make_url(str.__str__(settings.database_url)), file)
    else:
        raise click.ClickException("It is neither a SQLite file nor a dump of `pg_dump --format=custom`.")
    with scratch as url:
        own = replace(settings, database_url=Secret(url))
        migrate_database(own)
        return prepare(own, published, Before())


@contextmanager
def _sqlite_copy(file: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix=".fcv-check-", dir=file.absolute().parent) as folder:
        copy = Path(folder) / "scratch.db"
        copy_file(file, copy)
        yield f"sqlite:///{copy}"


@contextmanager
def _postgresql_copy(live: URL, file: Path) -> Iterator[str]:
    """Make a database of its own on the server, and take it away again, whoever is connected to it."""
    program = shutil.which("pg_restore")
    if live.get_backend_name() != "postgresql" or program is None:
        raise click.ClickException("A dump needs FCV_DATABASE_URL of a PostgreSQL, and the program pg_restore.")
    name = f"fcv_check_{datetime.now(UTC):%Y%m%dt%H%M%S}_{secrets.token_hex(4)}"
    try:
        _run(live, f'CREATE DATABASE "{name}" TEMPLATE template0')
    except SQLAlchemyError as error:
        raise click.ClickException(f"{reason_of(error)}. {CREATEDB}") from None
    scratch = live.set(database=name)
    try:
        pg_restore(program, scratch, file)
        yield scratch.render_as_string(hide_password=False)
    finally:
        _run(live, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(live: URL, statement: str) -> None:
    """Run a statement from the server's maintenance database, not from the live one."""
    engine = create_engine(live.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
