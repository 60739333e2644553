"""`fcv db`: the database's tables, its backup, and its way into another database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group()
def db() -> None:
    """Make or update the database's tables, back it up, or move it."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date. Running it again changes nothing.

    A database of the thesis' service is adopted: its users keep their names and passwords, and become clients.
    """
    from fcv_api.cli.db import upgrade as work

    work()


@db.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="In FCV_BACKUP_DIR: delete all backups but the newest so many.")
@click.option(
    "--days", type=click.IntRange(1), help="In FCV_BACKUP_DIR: delete backups that are older, not the newest."
)
def backup(**given: Any) -> None:
    """Write a backup of the SQLite database to FILE, which must not exist, and verify the record in it.

    The service may run meanwhile. For PostgreSQL it prints the command of PostgreSQL's own that does this. Without
    FILE it writes one into FCV_BACKUP_DIR, on PostgreSQL too, by `pg_dump`; retention deletes only what it named.
    """
    from fcv_api.cli.db_backup import backup as work

    work(**given)


@db.command()
@click.option("--to", required=True, metavar="URL", help="The database to fill: empty, or not there yet on SQLite.")
@click.option("--running", is_flag=True, help="Copy though the service runs: what it writes from now on is left out.")
def copy(**given: Any) -> None:
    """Copy the database of FCV_DATABASE_URL into another one, and verify the record there.

    All or nothing: where anything goes wrong, the other database holds no rows. Nothing is changed in this one.
    """
    from fcv_api.cli.db_copy import copy as work

    work(**given)


@db.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--running", is_flag=True, help="On PostgreSQL: do it though the service runs.")
@click.option("--in-place", is_flag=True, help="On PostgreSQL, instead of FILE: pg_restore has put the dump there.")
@click.option(
    "--check", is_flag=True, help="Prove FILE, or the newest of FCV_BACKUP_DIR, on a scratch copy; restore nothing."
)
def restore(**given: Any) -> None:
    """Put FILE in place of the database: a backup of `fcv db backup`, or a dump of `pg_dump --format=custom`.

    The record in it is verified first, and compared with the heads that were published. Every token that was issued
    before is dead afterwards. The database that was there is kept beside it.
    """
    from fcv_api.cli.db_restore import restore as work

    work(**given)
