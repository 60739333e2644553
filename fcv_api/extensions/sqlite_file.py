"""SQLite's file: a process uses the file that it knows, and none that took its place unseen.

An open connection goes on with a file that was removed, and so records where nobody will ever read. Each use of a
connection therefore compares the file at the path with the one that was opened: one `stat`, of some microseconds.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DisconnectionError

NOT_LOOKED_AT = "The database's file is another one than a moment ago, and is being looked at."


class Identity(NamedTuple):
    """Which file this is, whatever its name."""

    device: int
    inode: int


@dataclass(slots=True)
class KnownFile:
    """The file that a process may use. problem: why it may use none, as a sentence."""

    path: Path
    known: Identity | None = None
    wal: tuple[Identity, Identity] | None = None
    """The file that was known last, and the `-wal` beside it. Beside another file that would spoil it."""
    problem: str = NOT_LOOKED_AT
    held: int = -1
    """A descriptor: as long as it is open, no other file gets the known one's inode."""

    def identity(self, suffix: str = "") -> Identity | None:
        """Return which file lies at the path; None for none."""
        try:
            found = os.stat(f"{self.path}{suffix}")  # noqa: PTH116 - several times as fast as Path's
        except OSError:
            return None
        return Identity(found.st_dev, found.st_ino)

    def note_wal(self, identity: Identity) -> None:
        """Note which `-wal` belongs to this file."""
        if beside := self.identity("-wal"):
            self.wal = identity, beside

    def has_another_wal(self) -> bool:
        """Whether the `-wal` at the path belongs to another file than the one that lies there now."""
        return self.wal is not None and self.wal[0] != self.identity() and self.wal[1] == self.identity("-wal")

    def accept(self, identity: Identity) -> None:
        """Use this file from now on."""
        before, self.held = self.held, self._hold()
        if before >= 0:
            os.close(before)
        self.known, self.problem = identity, ""

    def refuse(self, problem: str) -> None:
        """Use no file until one is accepted."""
        self.known, self.problem = None, problem

    def _hold(self) -> int:
        """Open the file by its path only: closing any other descriptor of it would end SQLite's own locks."""
        try:
            return os.open(self.path, os.O_PATH | os.O_CLOEXEC) if hasattr(os, "O_PATH") else -1
        except OSError:
            return -1


def use_known_file(engine: Engine, file: KnownFile) -> None:
    """Open no file but the known one, and use no connection to another.

    An unknown one is not even opened: SQLite would bring what lies in a `-wal` beside it into it.
    """

    def connect(dialect: Dialect, record: Any, _positional: list[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        found = file.identity()  # before it is opened: a file that came between is noticed
        if found is None or found != file.known:
            raise sqlite3.OperationalError(file.problem or NOT_LOOKED_AT)
        if record is not None:
            record.info["file"] = found
        driver: Any = dialect.loaded_dbapi
        return driver.connect(uri_of(file.path), uri=True, **named)

    def check(_connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401
        if file.identity() != record.info.get("file"):
            raise DisconnectionError  # the pool opens the path anew

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", check)


def survive_power_cuts(engine: Engine) -> None:
    """Let a commit wait until its data are on the disk, on all connections of an engine: `synchronous=FULL`.

    PostgreSQL does so anyway. On SQLite all others lose the last commits when the power fails, and no more than these.
    """

    def wait_for_the_disk(connection: Any, _record: object) -> None:  # noqa: ANN401
        connection.execute("PRAGMA synchronous=FULL")

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", wait_for_the_disk)


def uri_of(path: Path) -> str:
    """Name a file so that SQLite opens it, and makes none where there is none."""
    return f"{path.absolute().as_uri()}?mode=rw"
