"""A lock for large bodies: all workers together parse one at a time, and give back the memory that it took.

Python's threads share one processor for this work anyway, so nobody waits longer in all; but what four bodies of 15 MB
take at one time is never given back whole, because a few small objects keep whole blocks of it. And of several workers
all but one answer others undisturbed meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import weakref
from tempfile import TemporaryFile

from flask import Flask

from fcv_api.serving.concurrency_limit import LARGE, ConcurrencyLimit

_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "mallopt")
"""Other C libraries have no such calls, and keep what they keep."""
M_ARENA_MAX = -8
GIVES_WAY = 0.0005
"""Seconds for which a thread keeps the interpreter from one that waits for it. A small request waits some twenty times,
and Python's own 5 ms would make 100 ms of that, beside a thread that parses."""


class LargeBodyLock:
    """Held by the one request whose large body is parsed. A request stays in its thread."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        """limit: a permit of it is left to others while this is waited for."""
        self.lock = threading.Lock()
        self.file = _file()
        weakref.finalize(self, os.close, self.file)
        self._limit, self._request, self._usual = limit, _Request(), sys.getswitchinterval()

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
                self._lock_file(os.F_LOCK)
            self._request.holds_lock = True
            sys.setswitchinterval(GIVES_WAY)

    def _lock_file(self, command: int) -> None:
        """Lock the file against other workers, or unlock it. Where that fails, each worker has a lock of its own."""
        with contextlib.suppress(OSError):
            os.lockf(self.file, command, 0)

    def _end(self, _error: BaseException | None) -> None:
        if self._request.holds_lock:
            self._request.holds_lock = False
            sys.setswitchinterval(self._usual)
            self._lock_file(os.F_ULOCK)
            self.lock.release()


def _file() -> int:
    """Return a file's descriptor that workers inherit by their fork. Its lock ends with the process that holds it."""
    if hasattr(os, "memfd_create"):  # on Linux, where no folder need be writable
        return os.memfd_create("fcv-large-body")
    with TemporaryFile() as file:
        return os.dup(file.fileno())


class _Request(threading.local):
    """The request of this thread."""

    holds_lock = False
