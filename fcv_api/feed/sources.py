"""What this host heard of each source: counted in the process, written every five seconds, and when it falls silent."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Mapping
from time import monotonic, time_ns
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy.engine import Dialect

from fcv_api.extensions import db
from fcv_api.extensions.cursors import run, write_attempts

EVERY = 5.0
"""Seconds from one writing to the next."""
HEARD = "UPDATE feed_sources SET last_message_at = ? WHERE name = ? AND host = ?"
HEARD_EARLIER = """UPDATE feed_sources SET
    last_message_at = CASE WHEN last_message_at < ? THEN ? ELSE last_message_at END
    WHERE name = ? AND host = ?"""
"""For what was counted some time ago: another worker may have heard more since."""
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
        self._heard: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, name: str, counts: Mapping[str, int]) -> None:
        """Add to a source's counts, once what was counted is committed."""
        with self._lock:
            self._counts.setdefault(name, Counter()).update(counts)
            self._heard[name] = time_ns() // 1000

    def waiting(self) -> dict[str, int]:
        """Return the sources with counts that are not written, each with when it was heard last, in microseconds."""
        with self._lock:
            return {name: at for name, at in self._heard.items() if any(self._counts.get(name, {}).values())}

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
    heard = run(cursor, HEARD, now, name, socket.gethostname())  # which locks the row
    _add(cursor, (name, now), counts, is_new=not heard.rowcount)


def _add(cursor: Any, heard: tuple[str, int], counts: Mapping[str, int], *, is_new: bool) -> None:  # noqa: ANN401
    """Add counts to this host's row of a source. heard: its name, and when it was, for a row that is new."""
    (name, at), host = heard, socket.gethostname()
    if is_new:
        run(cursor, FIRST, name, host, at)
    (text,) = run(cursor, COUNTERS, name, host).fetchone()
    total = Counter(orjson.loads(text)) + Counter(counts)
    run(cursor, COUNT, orjson.dumps(total).decode(), name, host)


def flush(*, at_once: bool = False) -> None:
    """Write the counts that no further message has brought along. Raises SQLAlchemyError.

    at_once: also those of a source whose counts were written less than five seconds ago.
    """
    counts_of = counted()
    for name, at in counts_of.waiting().items():
        if at_once:
            counts_of.put_back(name, {})
        if (counts := counts_of.take(name)) is None:
            continue
        try:
            for attempt in write_attempts():
                with attempt as cursor:
                    heard = run(cursor, HEARD_EARLIER, at, at, name, socket.gethostname())
                    _add(cursor, (name, at), counts, is_new=not heard.rowcount)
        except BaseException:
            counts_of.put_back(name, counts)
            raise


def write_offset(cursor: Any, name: str, offset: int | None) -> None:  # noqa: ANN401
    """Write how far a source's clock is ahead, in microseconds, where it is known. It is shown and never applied."""
    if offset is not None:
        run(cursor, OFFSET, offset, name, socket.gethostname())
