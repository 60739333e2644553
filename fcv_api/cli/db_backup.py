"""`fcv db backup`: SQLite's file as it stands now, while the service runs."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import URL, func, make_url, select

from fcv_api.accounts import User
from fcv_api.app import database_app
from fcv_api.cli.backup_folder import name_of, outdated
from fcv_api.cli.db import sqlite_file
from fcv_api.extensions import db, read_snapshot
from fcv_api.ledger.chain import verify_on
from fcv_api.ledger.published import BrokenChain
from fcv_api.settings import Secret, Settings


def backup(file: Path | None, keep: int | None, days: int | None) -> None:
    settings = Settings.from_environment()
    url = make_url(str.__str__(settings.database_url))
    source = sqlite_file(url)
    if file:
        if keep or days:
            raise click.UsageError("--keep and --days are of FCV_BACKUP_DIR: give no FILE with them.")
        if source is None:
            words = shlex.join(_pg_dump(url, file))
            raise click.ClickException(f"This is no SQLite file. PostgreSQL's own program does it:\n{words}")
        _write(settings, source, file)
        return
    if settings.backup_dir is None:
        raise click.UsageError("Name FILE, or set FCV_BACKUP_DIR.")
    folder = settings.backup_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(settings, source, folder / name_of(datetime.now(UTC), dump=source is None))
    for each in list(outdated(folder, datetime.now(UTC), keep, days)):
        each.unlink()
        click.echo(f"Deleted {each}, by retention.")


def _write(settings: Settings, source: Path | None, file: Path) -> None:
    """Write a backup under its name once it is whole. Raises ClickException, also for a record that is not."""
    if file.exists():
        raise click.ClickException(f"{file} exists already.")
    unfinished, contents = file.with_name(f"{file.name}.unfinished"), None
    try:
        if source:
            copy_file(source, unfinished)
            contents = _contents(replace(settings, database_url=Secret(f"sqlite:///{unfinished.absolute()}")))
            make_one_file(unfinished)
        else:
            _dump(make_url(str.__str__(settings.database_url)), unfinished)
        unfinished.rename(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if isinstance(contents, BrokenChain):
        raise click.ClickException(f"Wrote {file}, but the record in it is not as it was recorded: {contents}")
    click.echo(f"Wrote {file}: {contents or 'a dump. `fcv db restore --check` proves it.'}")
    if settings.pseudonym_key_file:
        click.echo(f"Not in it: {settings.pseudonym_key_file}, the key of pseudonyms. Keep it too, and elsewhere.")


def _dump(url: URL, file: Path) -> None:
    """Dump by PostgreSQL's own program, onto the disk. The password is seen by nobody who lists processes."""
    if shutil.which("pg_dump") is None:
        raise click.ClickException("pg_dump is not here: it comes with PostgreSQL's client programs.")
    os.close(os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    words = ["pg_dump", "--no-password", *_pg_dump(url, file)[1:]]
    done = subprocess.run(words, env=os.environ | password, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"pg_dump: {done.stderr.strip() or 'failed'}. Nothing was written.")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _pg_dump(url: URL, file: Path) -> list[str]:
    """Return the command, without the password: PostgreSQL's programs ask for it, or read it from ~/.pgpass."""
    words = ["pg_dump", "--format=custom", f"--file={file}", f"--host={url.host or 'localhost'}"]
    words += [f"--port={url.port}"] if url.port else []
    words += [f"--username={url.username}"] if url.username else []
    return [*words, url.database or ""]


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
