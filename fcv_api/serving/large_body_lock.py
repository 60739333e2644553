"""A lock for large bodies: a process parses one at a time, and gives back the memory that it took.

Python's threads share one processor for this work anyway, so nobody waits longer in all; but what four bodies of 15 MB
take at one time is never given back whole, because a few small objects keep whole blocks of it.
"""

from __future__ import annotations

import ctypes
import threading

from flask import Flask

from fcv_api.serving.concurrency_limit import ConcurrencyLimit

LARGE = 1_000_000
"""Bytes of a body from which on it takes the lock: a ward, not a bed."""
_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "mallopt")
"""Other C libraries have no such calls, and keep what they keep."""
M_ARENA_MAX = -8


class LargeBodyLock:
    """Held by the one request whose large body is parsed. A request stays in its thread."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        """limit: a permit of it is left to others while this is waited for."""
        self.lock = threading.Lock()
        self._limit, self._request = limit, _Request()

    def register(self, app: Flask) -> None:
        """Release it with the request that holds it, however that ends.

        All threads allocate from one arena: `malloc_trim` gives back what is on top of the first one only.
        """
        if _GLIBC:
            _LIBC.mallopt(M_ARENA_MAX, 1)
        app.teardown_request(self._end)

    def acquire(self, size: int) -> None:
        """Wait until a body may be parsed that was received whole: a slow sender keeps nobody waiting. size: bytes."""
        if size >= LARGE:
            with self._limit.released():
                self.lock.acquire()
            self._request.holds_lock = True

    def _end(self, _error: BaseException | None) -> None:
        if self._request.holds_lock:
            self._request.holds_lock = False
            self.lock.release()


class _Request(threading.local):
    """The request of this thread."""

    holds_lock = False
