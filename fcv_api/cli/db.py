"""`fcv db`: the database's tables, its backup, and its way into another database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import URL, make_url

from fcv_api.settings import ROOT, Settings, SettingsError


def upgrade() -> None:
    migrate_database(Settings.from_environment())
    click.echo("The database is up to date.")


def migrate_database(settings: Settings) -> None:
    """Run all migrations that are missing. Raises SettingsError when the checkout is not here."""
    scripts = ROOT / "migrations"
    if not scripts.is_dir():
        raise SettingsError(f"{scripts} is missing: run fcv from a checkout (or the image), installed with pip -e.")
    url = make_url(str.__str__(settings.database_url))
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["url"] = str.__str__(settings.database_url)
    with alone(sqlite_file(url)):
        command.upgrade(config, "head")


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for another database, and for SQLite's own URI."""
    database = str(url.database)
    return Path(database) if url.get_backend_name() == "sqlite" and not database.startswith("file:") else None


@contextmanager
def alone(file: Path | None, *, make: bool = True) -> Iterator[None]:
    """Make SQLite's file where it is missing, and let no other process migrate or restore it meanwhile: it waits.

    The folder is locked, so that no lock file is left behind. On PostgreSQL, migrations/env.py takes a lock.
    """
    if file is None:
        yield
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if make:
            file.touch(mode=0o600)  # password hashes are in it; the files beside it take its mode
        yield
    finally:
        os.close(folder)  # and the lock ends
