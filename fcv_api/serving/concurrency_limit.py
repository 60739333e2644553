"""How many requests a process works on at once, and how many large bodies all processes: the others wait here.

More at once would only take turns at one processor, with more memory. Who waits for something else than the processor
leaves its permit to others, and whether the process lives is answered without one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from time import perf_counter

from flask import Flask, g, request

WAITING = 60
"""Requests of a process that may wait so: a ward's sign-ins, large bodies before their lock. The server queues more."""
ALWAYS = ("/health/live",)
LARGE = 1_000_000
"""Bytes of a body from which on it is a ward's, and not a bed's."""
_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "mallopt")
"""Other C libraries have no such calls, and keep what they keep."""
M_ARENA_MAX = -8
GIVES_WAY = 0.0005
"""Seconds for which a thread keeps the interpreter from one that waits for it. A small request waits some twenty times,
and Python's own 5 ms would make 100 ms of that, beside a thread that parses."""


class ConcurrencyLimit:
    """Permits to be worked on, one a request.

    Large bodies have half of them while they are received: a bed finds another one.
    """

    def __init__(self, permits: int) -> None:
        self.permits = threading.BoundedSemaphore(permits)
        self.large = threading.BoundedSemaphore(max(1, permits // 2))
        self._request = _Request()

    def register(self, app: Flask) -> None:
        """Return each request of an app a permit for as long as it is worked on."""
        app.before_request(self._begin)
        app.teardown_request(self._end)

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """Wait in this block for something else than the processor."""
        had = self._request.holds_permit
        self._end()
        try:
            yield
        finally:
            if had:
                self._take()

    def _begin(self) -> None:
        if request.path not in ALWAYS:
            if _is_large():
                self.large.acquire()
                self._request.is_large = True
            self._take()

    def _take(self) -> None:
        if not self.permits.acquire(blocking=False):
            began = perf_counter()
            self.permits.acquire()
            g.waited = g.get("waited", 0.0) + perf_counter() - began  # for the metrics
        self._request.holds_permit = True

    def _end(self, _error: BaseException | None = None) -> None:
        if self._request.holds_permit:
            self._request.holds_permit = False
            self.permits.release()
        if self._request.is_large:
            self._request.is_large = False
            self.large.release()


class LargeBodyLock:
    """Held by the one request whose large body is parsed: all workers together parse one at a time.

    Python's threads share one processor for this work anyway, so nobody waits longer in all; but what four bodies of
    15 MB take at one time is never given back whole, because a few small objects keep whole blocks of it. And of
    several workers all but one answer others undisturbed meanwhile.
    """

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


def _is_large() -> bool:
    """Return whether this request's body is large, or of a length that nobody said."""
    length = request.content_length
    return "Transfer-Encoding" in request.headers if length is None else length >= LARGE


def _file() -> int:
    """Return a file's descriptor that workers inherit by their fork. Its lock ends with the process that holds it."""
    if hasattr(os, "memfd_create"):  # on Linux, where no folder need be writable
        return os.memfd_create("fcv-large-body")
    with TemporaryFile() as file:
        return os.dup(file.fileno())


class _Request(threading.local):
    """The request of this thread, which it does not leave."""

    holds_permit = False
    holds_lock = False
    is_large = False
