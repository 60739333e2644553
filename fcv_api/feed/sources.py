"""What this host heard of each source: counted in the process, and written every five seconds."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy.engine import Dialect

from fcv_api.extensions import db
from fcv_api.extensions.cursors import run

EVERY = 5.0
"""Seconds from one writing to the next."""
HEARD = "UPDATE feed_sources SET last_message_at = ? WHERE name = ? AND host = ?"
FIRST = """INSERT INTO feed_sources (name, host, last_message_at, counters) VALUES (?, ?, ?, '{}')
    ON CONFLICT DO NOTHING"""
COUNTERS = "SELECT counters FROM feed_sources WHERE name = ? AND host = ?"
OFFSET = "UPDATE feed_sources SET clock_offset = ? WHERE name = ? AND host = ?"
COUNT = "UPDATE feed_sources SET counters = ? WHERE name = ? AND host = ?"


class Sources:
    """Counts that are not written yet, by source."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._written: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, name: str, counts: Mapping[str, int]) -> None:
        """Add to a source's counts, once what was counted is committed."""
        with self._lock:
            self._counts.setdefault(name, Counter()).update(counts)

    def take(self, name: str) -> Counter[str] | None:
        """Return the counts of a source that is due to be written, and forget them; None for one that is not."""
        with self._lock:
            if monotonic() - self._written.get(name, -EVERY) < EVERY:
                return None
            self._written[name] = monotonic()
            return self._counts.pop(name, Counter())

    def put_back(self, name: str, counts: Mapping[str, int]) -> None:
        """Add counts that were taken and could not be written. The next ones are written as soon as may be."""
        with self._lock:
            self._counts.setdefault(name, Counter()).update(counts)
            self._written.pop(name, None)


_SOURCES: WeakKeyDictionary[Dialect, Sources] = WeakKeyDictionary()
"""One for each database, as the breakers of `extensions`."""


def counted() -> Sources:
    """Return the counts for the database of the current app."""
    return _SOURCES.setdefault(db.engine.dialect, Sources())


def write(cursor: Any, name: str, now: int, counts: Mapping[str, int]) -> None:  # noqa: ANN401 - a driver's cursor
    """Add counts to this host's row of a source, and the time of its last message."""
    host = socket.gethostname()
    if not run(cursor, HEARD, now, name, host).rowcount:  # which locks the row
        run(cursor, FIRST, name, host, now)
    (text,) = run(cursor, COUNTERS, name, host).fetchone()
    total = Counter(orjson.loads(text)) + Counter(counts)
    run(cursor, COUNT, orjson.dumps(total).decode(), name, host)


def write_offset(cursor: Any, name: str, offset: int | None) -> None:  # noqa: ANN401
    """Write how far a source's clock is ahead, in microseconds, where it is known. It is shown and never applied."""
    if offset is not None:
        run(cursor, OFFSET, offset, name, socket.gethostname())
