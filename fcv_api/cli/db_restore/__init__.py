"""`fcv db restore`: a backup in place of the database, and no token or account revived by it."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import make_url

from fcv_api import heads_log
from fcv_api.cli.audit import log_event
from fcv_api.cli.db import sqlite_file
from fcv_api.cli.db_restore import postgresql, sqlite
from fcv_api.cli.db_restore.check import check as prove
from fcv_api.cli.db_restore.prepare import Restored
from fcv_api.ledger.database_file import newest_logs
from fcv_api.ledger.published import BrokenChain, Published, read_logs
from fcv_api.settings import Settings


def restore(file: Path | None, *, yes: bool, running: bool, in_place: bool, check: bool) -> None:
    settings = Settings.from_environment()
    if check:
        if yes or running or in_place:
            raise click.UsageError("--check restores nothing: it takes FILE alone.")
        prove(settings, file, _published(settings))
        return
    target = sqlite_file(make_url(str.__str__(settings.database_url)))
    if (file is None) is not in_place or (in_place and target):
        raise click.UsageError("Name FILE; or, on PostgreSQL, give --in-place where pg_restore has put the dump there.")
    published = _published(settings)
    if not yes:
        click.confirm(f"Put {file or 'it'} in place of the database? What was recorded since is not in it.", abort=True)
    with heads_log.opened(settings.log_dir):
        try:
            if target and file:
                done = sqlite.restore(settings, file, target, published)
            else:
                done = postgresql.restore(settings, file, published, running=running)
        except BrokenChain as broken:
            raise click.ClickException(f"Nothing was restored. The record in the backup is BROKEN. {broken}") from None
    _print_restored(settings, done, published)


def _print_restored(settings: Settings, done: Restored, published: Published) -> None:
    log_event(settings, "database-restored", records=done.verified.count, up_to=done.verified.head.seq)
    click.echo(f"Restored: {done.accounts:,} accounts, {done.verified.count:,} records, whole.")
    click.echo(f"Head: {done.verified.head.seq} {done.verified.head.hash}")
    for line in (*_lost(done, published), *_purged(done, published), *done.lines()):
        click.echo(line)


def _published(settings: Settings) -> Published:
    """Read what the logs say now. Where they contradict themselves, a restore may be what mends it."""
    try:
        return read_logs(newest_logs(settings.log_dir))
    except BrokenChain as broken:
        click.echo(f"The heads in {settings.log_dir} cannot be compared: {broken}", err=True)
        return Published()


def _lost(done: Restored, published: Published) -> list[str]:
    """Return what was recorded after the backup, as far as heads or the database that was there tell."""
    last = done.verified.head.seq
    lost = [(published.newest.seq, published.newest_at, "published")] if published.newest else []
    if done.before.last:
        lost.append((*done.before.last, "in the database that was there"))
    return [
        f"Lost: records {last + 1:,} to {seq:,}, of up to {at[:19]} UTC, which were {where}."
        for seq, at, where in lost
        if seq > last
    ] or ["No head tells of a later record. What was recorded after the last head, up to 5 minutes, is not known."]


def _purged(done: Restored, published: Published) -> list[str]:
    """Return the sentence that a backup brings back what the records office's rule had deleted."""
    seq = published.purged or 0
    return (
        [f"Records up to {seq:,} were purged since: `fcv ledger purge` again."] if seq > done.verified.start.seq else []
    )
