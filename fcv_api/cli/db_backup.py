"""`fcv db backup`: SQLite's file as it stands now, while the service runs."""

from __future__ import annotations

import os
import shlex
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import URL, func, make_url, select

from fcv_api.accounts import User
from fcv_api.app import database_app
from fcv_api.cli.db import sqlite_file
from fcv_api.extensions import db, read_snapshot
from fcv_api.ledger.chain import verify_on
from fcv_api.ledger.published import BrokenChain
from fcv_api.settings import Secret, Settings


def backup(file: Path) -> None:
    settings = Settings.from_environment()
    url = make_url(str.__str__(settings.database_url))
    source = sqlite_file(url)
    if source is None:
        raise click.ClickException(f"This is no SQLite file. PostgreSQL's own program does it:\n{_pg_dump(url, file)}")
    if file.exists():
        raise click.ClickException(f"{file} exists already.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    copy_file(source, unfinished)
    contents = _contents(replace(settings, database_url=Secret(f"sqlite:///{unfinished.absolute()}")))
    make_one_file(unfinished)
    unfinished.rename(file)
    if isinstance(contents, BrokenChain):
        raise click.ClickException(f"Wrote {file}, but the record in it is not as it was recorded: {contents}")
    click.echo(f"Wrote {file}: {contents}")
    if settings.pseudonym_key_file:
        click.echo(f"Not in it: {settings.pseudonym_key_file}, the key of pseudonyms. Keep it too, and elsewhere.")


def _pg_dump(url: URL, file: Path) -> str:
    """Return the command, without the password: PostgreSQL's programs ask for it, or read it from ~/.pgpass."""
    words = ["pg_dump", "--format=custom", f"--file={file}", f"--host={url.host or 'localhost'}"]
    words += [f"--port={url.port}"] if url.port else []
    words += [f"--username={url.username}"] if url.username else []
    return shlex.join([*words, url.database or ""])


def copy_file(source: Path, target: Path) -> None:
    """Copy all pages as they stand at one moment, those of `-wal` too: what a copy of the file alone lacks."""
    if not source.exists():
        raise click.ClickException(f"{source} does not exist.")
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    readable = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(readable, uri=True)) as present, closing(sqlite3.connect(target)) as copy:
        present.backup(copy)


def make_one_file(file: Path) -> None:
    """Leave nothing beside it, and all of it on the disk."""
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _contents(settings: Settings) -> str | BrokenChain:
    with database_app(settings).app_context():
        try:
            with read_snapshot() as connection:
                users = connection.scalar(select(func.count()).select_from(User))
                found = verify_on(connection)
        except BrokenChain as broken:
            return broken
        finally:
            db.engine.dispose()
    return f"{users:,} accounts, {found.count:,} records, whole. Head: {found.head.seq} {found.head.hash}"
