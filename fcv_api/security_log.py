"""`security.log`: who came in, who was turned away, and what was changed, one JSON object a line.

Accounts are named by number: no name, password, token or vital sign is ever written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

from fcv_api.access_log import InZone, SharedLogFile, attached, shared_file

FILE = "security.log"
LENGTH = 200
log = logging.getLogger("fcv_api.security")
log.propagate = False  # never into app.log


class JsonLine(InZone):
    """An event as JSON, in ASCII: whatever it holds, it stays on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event and when it was, with the offset from UTC."""
        return json.dumps({"at": self.at(record)} | vars(record)["event"])


def open_log(log_dir: Path, zone: tzinfo) -> None:
    """Write events from now on. Raises OSError when the file cannot be written."""
    opened = _handler(log_dir, zone)
    log.handlers[:] = [opened]
    log.setLevel(logging.INFO)


@contextmanager
def opened(log_dir: Path, zone: tzinfo) -> Iterator[None]:
    """Write the events of a block: those of a command. Raises OSError when the file cannot be written."""
    with attached(log, _handler(log_dir, zone)):
        yield


def write(event: str, **details: str | int | None) -> None:
    """Write an event. Text is cut to 200 characters."""
    short = {name: each[:LENGTH] if isinstance(each, str) else each for name, each in details.items()}
    log.info(event, extra={"event": {"event": event} | short})


def _handler(log_dir: Path, zone: tzinfo) -> SharedLogFile:
    handler = shared_file(log_dir, FILE, SharedLogFile)
    handler.setFormatter(JsonLine(zone))
    return handler
