"""A breaker: after one request has waited in vain, those behind it do not wait one after another for the same."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError

PAUSE = 0.5
"""Seconds for which nobody waits after a failure: how late the service notices at most that the database is back."""
LONGEST_TRIAL = 5.0
"""Seconds after which a trial that has not ended is taken for lost."""


class Breaker:
    """Shuts after failures. When the pause is over one may try, and the others are refused until it knows."""

    def __init__(self, pause: float | None = None, failures: int = 1) -> None:
        """pause: in seconds; PAUSE, where it is None. failures: how many in a row shut it."""
        self._pause, self._failures = pause, failures
        self._failed = 0
        self._refused_until = 0.0  # 0 while all goes well
        self._lock = threading.Lock()

    def may_try(self) -> bool:
        """Return whether to wait for it now. Whoever may must `settle` afterwards."""
        if not self._refused_until:  # the usual way takes no lock
            return True
        with self._lock:
            now = monotonic()
            if now < self._refused_until:
                return False
            if self._refused_until:
                self._refused_until = now + LONGEST_TRIAL
            return True

    def settle(self, *, failed: bool) -> None:
        """Record how it went."""
        if failed:
            with self._lock:
                self._failed += 1
                if self._failed >= self._failures:
                    self._refused_until = monotonic() + (PAUSE if self._pause is None else self._pause)
        elif self._failed:
            with self._lock:
                self._failed, self._refused_until = 0, 0.0

    def seconds(self) -> float:
        """Return for how long it is shut still; 0 where it is not."""
        return max(0.0, self._refused_until - monotonic())


_BREAKERS: WeakKeyDictionary[Dialect, Breaker] = WeakKeyDictionary()
"""One for the writers of each database."""


@contextmanager
def waiting(dialect: Dialect) -> Iterator[None]:
    """Wait for the writer's lock, but not right after somebody waited for it in vain."""
    breaker = _BREAKERS.setdefault(dialect, Breaker())
    if not breaker.may_try():
        raise OperationalError(None, None, TimeoutError("The database was locked a moment ago."))
    in_vain = False
    try:
        yield
    except DBAPIError as error:
        in_vain = _waited_in_vain(error.orig)
        raise
    finally:
        breaker.settle(failed=in_vain)


def _waited_in_vain(error: object) -> bool:
    """Return whether a lock was not to be had: SQLite is busy, or PostgreSQL's lock_ or statement_timeout is over."""
    busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return busy or getattr(error, "sqlstate", "") in ("55P03", "57014")
