"""How many requests a process works on at once. The others wait here, and not in the server's queue.

More at once would only take turns at one processor, with more memory. Who waits for something else than the processor
leaves its permit to others, and whether the process lives is answered without one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, request

WAITING = 60
"""Requests of a process that may wait so: a ward's sign-ins, large bodies before their lock. The server queues more."""
ALWAYS = ("/health/live",)
LARGE = 1_000_000
"""Bytes of a body from which on it is a ward's, and not a bed's."""


class ConcurrencyLimit:
    """Permits to be worked on, one a request. A request stays in its thread, and so does its permit.

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

    @contextmanager
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
        self.permits.acquire()
        self._request.holds_permit = True

    def _end(self, _error: BaseException | None = None) -> None:
        if self._request.holds_permit:
            self._request.holds_permit = False
            self.permits.release()
        if self._request.is_large:
            self._request.is_large = False
            self.large.release()


def _is_large() -> bool:
    """Return whether this request's body is large, or of a length that nobody said."""
    length = request.content_length
    return "Transfer-Encoding" in request.headers if length is None else length >= LARGE


class _Request(threading.local):
    """The request of this thread."""

    holds_permit = False
    is_large = False
