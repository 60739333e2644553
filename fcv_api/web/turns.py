"""Large bodies take turns: a process parses one at a time. `held.py` gives back the memory that it took.

Python's threads share one processor for this work anyway, so nobody waits longer in all; but what four bodies of 15 MB
take at one time is never given back whole, because a few small objects keep whole blocks of it.
"""

from __future__ import annotations

import ctypes
import threading

from flask import Flask

from fcv_api.web import held, large_answers, places
from fcv_api.web.requests import current_request

LARGE = 1_000_000
"""Bytes of a body from which on it takes turns: a ward, not a bed."""
_TURN = threading.Lock()
_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "mallopt")
M_ARENA_MAX = -8


def register(app: Flask, at_once: int) -> None:
    """Give each request a place, and end its turn with it, however it ends. at_once: how many are worked on.

    All threads allocate from one arena: `malloc_trim` (`held.py`) gives back what is on top of the first one only.
    """
    places.register(app, at_once)
    held.register(app)
    large_answers.register(app)
    if _GLIBC:
        _LIBC.mallopt(M_ARENA_MAX, 1)
    app.teardown_request(_end)


def take(size: int) -> None:
    """Wait for the turn of a body that was received whole: a slow sender keeps nobody waiting. size: its bytes."""
    if size >= LARGE:
        with places.left_to_others():
            _TURN.acquire()
        current_request().holds_body_lock = True


def _end(_error: BaseException | None) -> None:
    context = current_request()
    if context.holds_body_lock:
        context.holds_body_lock = False
        _TURN.release()
