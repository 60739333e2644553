"""The bodies that a process holds: those that come, that wait for their turn, and the one that is parsed.

However many come at once, they take no more than so many bytes: who comes beyond that is asked to come again. When a
large one is gone, its memory goes back to the system, by a thread that waits until the request's objects are gone too.
"""

from __future__ import annotations

import ctypes
import gc
import threading
import time

from flask import Flask

from fcv_api.web.requests import current_request

LARGE = 1_000_000
"""Bytes of a body from which on there may be no room for it."""
MOST = 96 * 2**20
"""Bytes of all bodies in a process: three of the largest. A single one always has room."""
UNTIL_GONE = 1.0
"""Seconds from a request's end until all that it made is gone."""
_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "malloc_trim")
"""Other C libraries have no such call, and keep what they keep."""


class _Bodies:
    """How many bytes are held now, and whether memory is due to be given back."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.size = 0
        self.due = threading.Event()
        self.thread: threading.Thread | None = None

    def add(self, size: int, own: int) -> bool:
        """Count more bytes of a body, and return whether there is room for them. own: its bytes so far."""
        with self.lock:
            others = self.size - own
            if own + size >= LARGE and others and self.size + size > MOST:
                return False
            self.size += size
            return True

    def remove(self, size: int) -> None:
        """Count a body as gone."""
        with self.lock:
            self.size -= size
            if size >= LARGE and _GLIBC:
                self._give_back_soon()

    def _give_back_soon(self) -> None:
        self.due.set()
        if self.thread is None:  # not before the fork, which no thread survives
            self.thread = threading.Thread(target=self._give_back, name="memory", daemon=True)
            self.thread.start()

    def _give_back(self) -> None:
        while self.due.wait():
            time.sleep(UNTIL_GONE)
            self.due.clear()
            gc.collect()  # an error and the frames that it went through hold each other, and a body
            _LIBC.malloc_trim(0)


_BODIES = _Bodies()


def register(app: Flask) -> None:
    """Count each request's body as gone when the request ends, however it ends."""
    app.teardown_request(_end)


def more(size: int) -> bool:
    """Count more bytes of this request's body, and return whether there is room for them."""
    context = current_request()
    if not _BODIES.add(size, context.held_bytes):
        return False
    context.held_bytes += size
    return True


def drop() -> None:
    """Count this request's body as gone."""
    context = current_request()
    if context.held_bytes:
        _BODIES.remove(context.held_bytes)
        context.held_bytes = 0


def _end(_error: BaseException | None) -> None:
    drop()
