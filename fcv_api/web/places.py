"""How many requests a process works on at once. The others wait here, and not in the server's queue.

More at once would only take turns at one processor, with more memory. Who waits for something else than the processor
leaves its place to others, and whether the process lives is answered without one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, request

from fcv_api.web.requests import current_request

WAITING = 60
"""Requests of a process that may wait so: a ward's sign-ins, large batches in their turns. The server queues more."""
ALWAYS = ("/health/live",)
PLACES = "fcv_places"


def register(app: Flask, places: int) -> None:
    """Limit the requests of an app that are worked on: each holds a place for as long as it is worked on."""
    app.extensions[PLACES] = threading.BoundedSemaphore(places)
    app.before_request(_take)
    app.teardown_request(_give_back)


@contextmanager
def left_to_others() -> Iterator[None]:
    """Wait in this block for something else than the processor."""
    had = current_request().holds_permit
    _give_back()
    try:
        yield
    finally:
        if had:
            _take()


def _take() -> None:
    if request.path not in ALWAYS:
        _places().acquire()
        current_request().holds_permit = True


def _give_back(_error: BaseException | None = None) -> None:
    context = current_request()
    if context.holds_permit:
        context.holds_permit = False
        _places().release()


def _places() -> threading.BoundedSemaphore:
    places: threading.BoundedSemaphore = current_app.extensions[PLACES]
    return places
