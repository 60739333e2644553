"""Restore a SQLite file: a copy is prepared beside the database, and then takes its place by one rename."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from fcv_api.cli.db import alone, migrate_database
from fcv_api.cli.db_backup import copy_file, make_one_file
from fcv_api.cli.db_restore.prepare import Before, Restored, look_at, prepare
from fcv_api.ledger.heads import announce_restore
from fcv_api.ledger.published import Published
from fcv_api.settings import Secret, Settings

BESIDE = ("", "-wal", "-shm")


def restore(settings: Settings, file: Path, target: Path, published: Published) -> Restored:
    """Restore, while the service runs or not. Raises BrokenChain or ClickException, and then nothing was changed."""
    unfinished = target.with_name(f"{target.name}.restoring")
    for suffix in BESIDE:
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)
    try:
        copy_file(file, unfinished)
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{file}: {error}. Nothing was restored.") from None
    own = replace(settings, database_url=Secret(f"sqlite:///{unfinished.absolute()}"))
    migrate_database(own)
    before = look_at(settings) if target.is_file() else Before()
    done = prepare(own, published, before)
    make_one_file(unfinished)
    _give_to_owner(unfinished, target)
    kept = _exchange(unfinished, target, done)
    return replace(done, before=replace(before, kept=kept))


def _give_to_owner(unfinished: Path, target: Path) -> None:
    """Leave no file that the service cannot write, where root runs this."""
    if os.geteuid() == 0:
        owner = (target if target.exists() else target.parent).stat()
        os.chown(unfinished, owner.st_uid, owner.st_gid)


def _exchange(unfinished: Path, target: Path, done: Restored) -> str:
    """Move what is there aside, say that this is a restore, and put the copy there.

    A service that runs answers 503 meanwhile. What it was just writing is in the file that was moved.
    """
    aside = target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with alone(target, make=False):
        moved = [suffix for suffix in BESIDE if Path(f"{target}{suffix}").exists()]
        for suffix in moved:
            Path(f"{target}{suffix}").rename(f"{aside}{suffix}")
        announce_restore(done.verified.head)
        unfinished.rename(target)
    return f"The database that was there is kept as {aside}: delete it by the records office's rule." if moved else ""
