"""`app.log`: one line a request, which `web/requests.py` writes after it, as the thesis did or as JSON."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

import orjson

LINE = "%(asctime)s , %(levelname)s , %(message)s"
IDENT = "fcv-api: "
DELETE = "\x7f"
DAEMON, INFO = 3 << 3, 6
PRIORITIES = {logging.DEBUG: 7, logging.INFO: INFO, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""A facility and severities of RFC 3164."""
log = logging.getLogger("fcv_api")


@dataclass(frozen=True, slots=True)
class Output:
    """How lines are written and where to: FCV_LOG_FORMAT, FCV_LOG_TO, FCV_SYSLOG."""

    form: str = "thesis"
    to: tuple[str, ...] = ("file", "stdout")
    syslog: str = "/dev/log"


THESIS = Output()


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


class SyslogOutput(logging.Handler):
    """The system's log, by datagrams. A request never waits for it: what it does not take at once is lost there."""

    def __init__(self, place: str) -> None:
        super().__init__()
        host, _, port = place.rpartition(":")
        self._place = place
        self._address = place if place.startswith("/") else (host.strip("[]"), int(port))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._family = socket.AF_UNIX if place.startswith("/") else family
        self._socket: socket.socket | None = None
        self._is_told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line, or lose it at once, with one sentence for all that are lost in a row."""
        priority = DAEMON | PRIORITIES.get(record.levelno, INFO)
        try:
            self._send(f"<{priority}>{IDENT}{self.format(record)}".encode())
            self._is_told = False
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self._forget_socket()  # a syslog that was started anew is connected to anew
            if not self._is_told:
                self._is_told = True
                print(f"{self._place} takes no lines of the log: they are missing there.", file=sys.stderr)  # noqa: T201

    def close(self) -> None:
        """Close the socket."""
        self._forget_socket()
        super().close()

    def _send(self, line: bytes) -> None:
        if self._socket is None:
            self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
            self._socket.settimeout(0)
            self._socket.connect(self._address)
        self._socket.send(line)

    def _forget_socket(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None


class InZone(logging.Formatter):
    """Times of a given zone."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(LINE)
        self._zone = zone

    def moment(self, record: logging.LogRecord) -> datetime:
        """Return when a record was made."""
        return datetime.fromtimestamp(record.created, self._zone)

    def at(self, record: logging.LogRecord) -> str:
        """Return the same as JSON has it, with the offset from UTC."""
        return self.moment(record).isoformat(timespec="milliseconds")


class WallClock(InZone):
    """Times of a given zone, and a line that stays one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line. What is not printable, line separators among it, is escaped as `repr` does."""
        text = super().format(record)
        if text.isprintable():
            return text
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return when, as `2024-06-13 06:36:41,960`."""
        return f"{self.moment(record):%Y-%m-%d %H:%M:%S},{int(record.msecs):03d}"


class JsonLine(InZone):
    """The same facts as a JSON object, in printable ASCII: whatever it holds, it stays on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write when, the level, and what is known of a request or else a message."""
        line: dict[str, object] = {"at": self.at(record), "level": record.levelname}
        line |= record.args if isinstance(record.args, Mapping) else {"message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return as_ascii(line)


def as_ascii(line: Mapping[str, object]) -> str:
    """Return an object as JSON in printable ASCII. orjson refuses half a surrogate pair, and escapes no separator."""
    try:
        text = orjson.dumps(line).decode()
    except orjson.JSONEncodeError:
        text = ""
    if text and text.isascii() and DELETE not in text:
        return text
    return json.dumps(line, separators=(",", ":"), default=str).replace(DELETE, "\\u007f")


def open_log(log_dir: Path, zone: tzinfo, output: Output = THESIS) -> None:
    """Send our log to where it is wanted: to `app.log`, standard output, syslog. Raises OSError for the file."""
    log_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    log.handlers.clear()
    for each in output.to:
        handler = _handler(each, log_dir, output)
        handler.setFormatter(JsonLine(zone) if output.form == "json" else WallClock(zone))
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _handler(to: str, log_dir: Path, output: Output) -> logging.Handler:
    if to == "file":
        return SharedLogFile(log_dir / "app.log")
    return SyslogOutput(output.syslog) if to == "syslog" else logging.StreamHandler(sys.stdout)
