"""`app.log`: one line a request, which `web/requests.py` writes after it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

LINE = "%(asctime)s , %(levelname)s , %(message)s"
log = logging.getLogger("fcv_api")


class SharedLogFile(WatchedFileHandler):
    """A file that several processes append to, and that rotation renames: it is opened anew, and no line is lost."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line. Where the file cannot be opened anew, as on a full disk, the line is lost and no answer is."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)  # as for a line that cannot be written: printed on standard error

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123


def shared_file(log_dir: Path, name: str, kind: type[SharedLogFile]) -> SharedLogFile:
    """Open a log of the service or of a command. Raises OSError.

    A command that root runs must not leave a file that the service cannot write: it gets the folder's owner.
    """
    log_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    is_new = not (log_dir / name).exists()
    handler = kind(log_dir / name)
    if is_new and os.geteuid() == 0:
        owner = log_dir.stat()
        os.chown(log_dir / name, owner.st_uid, owner.st_gid)
    return handler


@contextmanager
def attached(log: logging.Logger, handler: logging.Handler) -> Iterator[None]:
    """Write a log with one more handler in a block, and close that after it."""
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


class WallClock(logging.Formatter):
    """Times of a given zone, and a message that stays on one line."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(LINE)
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return when, as `2024-06-13 06:36:41,960`."""
        moment = datetime.fromtimestamp(record.created, self._zone)
        return f"{moment:%Y-%m-%d %H:%M:%S},{int(record.msecs):03d}"


def open_log(log_dir: Path, zone: tzinfo) -> None:
    """Send our log to `app.log` and to standard output. Raises OSError when the file cannot be written."""
    log_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    log.handlers.clear()
    for handler in (SharedLogFile(log_dir / "app.log"), logging.StreamHandler(sys.stdout)):
        handler.setFormatter(WallClock(zone))
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
