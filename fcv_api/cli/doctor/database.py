"""`fcv doctor`: the database, its tables, and who may sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.accounts.writable import check_writable
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place, reason_of
from fcv_api.extensions import read_transaction
from fcv_api.ledger.room import check_room
from fcv_api.settings import ROOT, Settings

UPGRADE = "Run `fcv db upgrade`; `fcv serve` does it at each start."
NO_FILE = (
    "Put it back, or restore a backup with `fcv db restore`, or correct FCV_DATABASE_URL. Only where none ever was: "
    "`fcv db upgrade` makes it."
)


def sqlite_file(settings: Settings) -> Path | None:
    """Return the database's file, or None where it is a server."""
    url = make_url(str.__str__(settings.database_url))
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def can_be_asked(settings: Settings) -> bool:
    """Return whether there is a database to ask: SQLite would make an empty file where there is none."""
    file = sqlite_file(settings)
    try:
        return file is None or file.is_file()
    except PermissionError:
        return True  # SQLite says it better


def check_database(place: Place) -> Iterator[Finding]:
    """Read it, compare its tables with the code's, and write to it."""
    file = sqlite_file(place.settings)
    if not can_be_asked(place.settings):
        yield Finding("database", FAILED, f"There is no file {file}.", NO_FILE)
        return
    try:
        yield Finding("database", OK, _described())
        tables = _compare_tables()
        yield tables
        if tables.status == OK:
            yield _write(place.settings)
            yield from _accounts(place.settings)
    except SQLAlchemyError as error:
        advice = (
            "See that the file is a database, its owner's, and on a disk that can be written to."
            if file
            else "See that it runs, and who may enter."
        )
        yield Finding("database", FAILED, f"It cannot be asked: {reason_of(error)}.", advice)


def _described() -> str:
    """Name the database's kind and version, and on SQLite how it writes."""
    with read_transaction() as connection:
        if connection.dialect.name == "sqlite":
            version, mode = (
                connection.scalar(text(each)) for each in ("SELECT sqlite_version()", "PRAGMA journal_mode")
            )
            return f"SQLite {version}, journal mode {mode}."
        return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}."


def _compare_tables() -> Finding:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    wanted = scripts.get_current_head()
    with read_transaction() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == wanted:
        return Finding("migrations", OK, f"The tables are at {wanted}, as the code wants them.")
    if found is None:
        return Finding("migrations", FAILED, "The database has no tables of this service.", UPGRADE)
    if found in {script.revision for script in scripts.walk_revisions()}:
        return Finding("migrations", FAILED, f"The tables are at {found}, and the code wants {wanted}.", UPGRADE)
    return Finding(
        "migrations",
        FAILED,
        f"The tables are at {found}, which this code does not know: a newer version made them.",
        "Install the newer version again. No backup is needed: an older one lacks all that was recorded since.",
    )


def _write(settings: Settings) -> Finding:
    try:
        check_writable()
        if settings.ledger == "required":
            check_room()
    except SQLAlchemyError as error:
        advice = "See to room on its disk, its owner, and who holds a lock; until then /predict answers 503."
        return Finding("database", FAILED, f"It cannot be written to: {reason_of(error)}.", advice)
    return Finding("database", OK, "It was read and written to.")


def _accounts(settings: Settings) -> Iterator[Finding]:
    active = [account for account in accounts.list_users() if account.is_active]
    if not active:
        yield Finding("accounts", WARNING, "Nobody can sign in.", "Make an account: `fcv users add NAME`.")
    elif settings.registration == "admin" and not any(account.role == Role.ADMIN for account in active):
        advice = "Make one: `fcv users add NAME --role admin`."
        yield Finding("accounts", WARNING, "FCV_REGISTRATION is admin, and there is no active admin.", advice)
    else:
        yield Finding("accounts", OK, f"{len(active)} can sign in.")
