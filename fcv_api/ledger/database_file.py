"""Whether SQLite's file may be used: whole, migrated, and not older than what was published of its record."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fcv_api.extensions import db
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.extensions.sqlite_file import NOT_LOOKED_AT, Identity, KnownFile, uri_of
from fcv_api.ledger.published import BrokenChain, Published, read_logs
from fcv_api.ledger.record import Link

SECONDS_TO_WAIT = 3.0
HELD = """SELECT 1 FROM (SELECT seq, hash FROM predictions UNION ALL SELECT seq, hash FROM ledger_checkpoints)
WHERE seq = ? AND hash = ?"""
NEWEST = tuple(
    f"SELECT seq, hash, at FROM {table} ORDER BY seq DESC LIMIT 1"  # noqa: S608
    for table in ("predictions", "ledger_checkpoints")
)
NO_FILE = (
    "The database's file is not there. Put it back, or restore a backup with `fcv db restore`; `fcv db upgrade` makes "
    "the first one."
)
OLD_WAL = (
    "The database's file was replaced, and the -wal beside it belongs to the one before: together they would be "
    "spoilt. Use `fcv db restore`."
)

log = logging.getLogger("fcv_api")


@dataclass(slots=True)
class FileWatch:
    """A process's look at its file. newest, at: the newest record that it saw in it, and when that was recorded."""

    file: KnownFile
    log_dir: Path
    newest: Link | None = None
    at: str = ""

    def start(self, *, strict: bool) -> None:
        """Look at the file for the first time. strict: not only whether there is one."""
        found = self.file.identity()
        problem = self._problem(whole=False) if strict or found is None else ""
        self._take(found, problem)

    def look(self) -> None:
        """Accept or refuse a file that took the place of the known one. All of it is read, as large as it may be."""
        found = self.file.identity()
        if found is not None and found == self.file.known:
            self.file.note_wal(found)
            self._remember()
            return
        if self.file.known:
            self.file.refuse(NOT_LOOKED_AT)
            db.engine.dispose()
        self._take(found, self._problem(whole=True))

    def _take(self, found: Identity | None, problem: str) -> None:
        before = self.file.problem
        if problem or found is None:
            self.file.refuse(problem)
        else:
            self.file.accept(found)
        if problem and problem != before:
            log.error("database: %s", problem)

    def _remember(self) -> None:
        """Keep in this process's own memory where the record stands: the logs know it up to 5 minutes ago only."""
        with read_cursor() as cursor:
            for query in NEWEST:
                if found := run(cursor, query).fetchone():
                    self.newest, self.at = Link(*found[:2]), found[2]
                    return

    def _problem(self, *, whole: bool) -> str:
        if self.file.identity() is None:
            return NO_FILE
        if self.file.has_another_wal():
            return OLD_WAL
        try:
            published = read_logs(newest_logs(self.log_dir))
        except (BrokenChain, OSError) as error:
            return f"heads.log cannot be used: {getattr(error, 'strerror', None) or error}"
        return problem_of(self.file.path, self._wanted(published), whole=whole)

    def _wanted(self, published: Published) -> list[Link]:
        """Return what the record must hold: the logs' newest head, and one's own unless a restore gave it up."""
        wanted = [published.newest] if published.newest else []
        if self.newest and not published.gave_up(self.newest, self.at):
            wanted.append(self.newest)
        return wanted


def newest_logs(log_dir: Path) -> list[Path]:
    """Return `heads.log` and what a rotation left of it uncompressed."""
    return sorted(each for each in log_dir.glob("heads.log*") if each.is_file() and each.suffix != ".gz")


def problem_of(path: Path, wanted: Iterable[Link], *, whole: bool) -> str:
    """Return in a sentence why a file must not be used; empty where it may be."""
    try:
        with closing(sqlite3.connect(uri_of(path), uri=True, timeout=SECONDS_TO_WAIT)) as connection:
            if whole and (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                return f"The database's file is damaged: {' '.join(found.split())}. Restore a backup: `fcv db restore`."
            if lacking := _lacking(connection):
                return (
                    f"The database's file has no {lacking}. Put the right one back, or restore a backup with `fcv db "
                    "restore`; `fcv db upgrade` brings the tables of an older version up to date."
                )
            for link in wanted:
                if connection.execute(HELD, link).fetchone() is None:
                    return (
                        f"The database's file is not the one that was used: it lacks record {link.seq} as it was "
                        "recorded. Put the right one back, or restore this one with `fcv db restore`."
                    )
    except sqlite3.Error as error:
        return f"The database's file cannot be read: {error}. Put the right one back, or use `fcv db restore`."
    return ""


def _lacking(connection: sqlite3.Connection) -> str:
    """Name the first table or column that this version needs and the file lacks."""
    for table in db.metadata.sorted_tables:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        for name in table.columns.keys():  # noqa: SIM118 - not a dict
            if name not in columns:
                return f"column {table.name}.{name}" if columns else f"table {table.name}"
    return ""
