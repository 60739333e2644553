"""Restore a dump of PostgreSQL: the tables that are there are moved aside, into a schema of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.cli.db_restore.prepare import Before, Restored, look_at, prepare
from fcv_api.extensions import db
from fcv_api.ledger.heads import announce_restore
from fcv_api.ledger.published import Published
from fcv_api.settings import Settings

RESTORE = ("--schema=public", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")


def restore(settings: Settings, file: Path | None, published: Published, *, running: bool) -> Restored:
    """Restore into the database of FCV_DATABASE_URL. Whatever goes wrong, its tables are put back.

    file: None where pg_restore has put the dump there already, as in a container that has no such program.
    """
    if not running:
        _refuse_running(settings)
    if file is None:
        return _finish(settings, published, Before(kept="The tables are those that pg_restore put there."))
    program = shutil.which("pg_restore")
    if program is None:
        raise click.ClickException("pg_restore is not here: it comes with PostgreSQL's client programs.")
    before, aside = look_at(settings), f"before_{datetime.now(UTC):%Y%m%dt%H%M%Sz}"
    _run(settings, f"ALTER SCHEMA public RENAME TO {aside}", "CREATE SCHEMA public")
    try:
        pg_restore(program, make_url(str.__str__(settings.database_url)), file)
        done = _finish(settings, published, before)
    except BaseException:
        _run(settings, "DROP SCHEMA public CASCADE", f"ALTER SCHEMA {aside} RENAME TO public")
        raise
    kept = f"What was there is kept in the schema {aside}: DROP SCHEMA {aside} CASCADE by the records office's rule."
    return replace(done, before=replace(before, kept=kept))


def _finish(settings: Settings, published: Published, before: Before) -> Restored:
    migrate_database(settings)
    done = prepare(settings, published, before)
    announce_restore(done.verified.head)
    return done


def _refuse_running(settings: Settings) -> None:
    with database_app(settings).app_context(), suppress(SQLAlchemyError):
        seen = activations.workers()
        db.engine.dispose()
        if seen:
            raise click.ClickException(
                f"The service runs: {len(seen)} workers were seen in the last 60 s, such as {seen[0].host}:"
                f"{seen[0].pid}. Stop it on every host; or give --running."
            )


def _run(settings: Settings, *statements: str) -> None:
    """Run statements in one transaction."""
    with database_app(settings).app_context():
        try:
            with db.engine.begin() as connection:
                for statement in statements:
                    connection.execute(text(statement))
        finally:
            db.engine.dispose()


def pg_restore(program: str, url: URL, file: Path) -> None:
    """Restore a dump by PostgreSQL's own program. Raises ClickException.

    The password is seen by nobody who lists this host's processes.
    """
    words = [program, *RESTORE, f"--host={url.host or 'localhost'}", f"--dbname={url.database}"]
    words += [f"--port={url.port}"] if url.port else []
    words += [f"--username={url.username}"] if url.username else []
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    words.append(str(file))
    done = subprocess.run(words, env=os.environ | password, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"pg_restore: {done.stderr.strip() or 'failed'}. Nothing was restored.")
