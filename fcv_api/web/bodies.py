"""Bodies as they come and go: a process holds no more of them than so many bytes.

However many come at once, who comes beyond that is asked to come again. When a large one is gone, its memory goes back
to the system, by a thread that waits until the request's objects are gone too. Large answers go to their clients from a
temporary file: a slow reader holds none of the process' memory.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from tempfile import TemporaryFile

from flask import Flask, Request, request
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wsgi import wrap_file

from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service

AT_ONCE = 1 << 20  # bytes
KEPT = "fcv_api.body"
LARGE = 1_000_000
"""Bytes of a body from which on there may be no room for it."""
MOST = 96 * 2**20
"""Bytes of all bodies in a process: three of the largest. A single one always has room."""
UNTIL_GONE = 1.0
"""Seconds from a request's end until all that it made is gone."""
LARGE_ANSWER = 256 * 1024
"""Bytes; a batch of some hundred encounters. What is smaller fits into the buffers of nginx and the kernel."""
_LIBC = ctypes.CDLL(None)
_GLIBC = hasattr(_LIBC, "malloc_trim")
"""Other C libraries have no such call, and keep what they keep."""


def register(app: Flask) -> None:
    """Count each request's body as gone when the request ends, however it ends, and look at each answer."""
    app.teardown_request(_drop)
    app.after_request(_into_file)


def check_encoding(req: Request) -> None:
    """Refuse a compressed body: it would be a way around the limit on its size."""
    if req.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProblemRaised("unsupported-encoding", "Send the body without Content-Encoding.")


def read_body(req: Request, *, again: bool = False) -> bytes:
    """Read a body whole, and hash it for the record. Raises RequestEntityTooLarge, or ProblemRaised.

    again: it will be read another time. What was read so is there without that.
    Werkzeug cuts a chunked body off at the limit without a word, and what is left of it must not be read.
    """
    kept: bytes | None = req.environ.pop(KEPT, None)
    if kept is not None:
        return kept
    try:
        body = _received(req)
    except (HTTPException, ProblemRaised):
        raise
    except Exception:  # noqa: BLE001 - each server has its own for a body that is cut off or badly chunked
        raise ProblemRaised("bad-request", "The body cannot be read: it is cut off or badly chunked.") from None
    if req.content_length is None and len(body) == req.max_content_length:
        raise RequestEntityTooLarge
    if current_service().records:
        current_request().body_sha256 = sha256(body).hexdigest()
    if again:
        req.environ[KEPT] = body
    return body


def _received(req: Request) -> bytes:
    """Receive a body, as far as there is room for it. The rest is read and dropped: its sender comes to read why."""
    parts: list[bytes] = []
    room = True
    for part in _parts(req):
        room = room and _count(len(part))
        if room:
            parts.append(part)
        elif parts:
            parts.clear()
            _drop()
    if not room:
        raise ProblemRaised("too-many-large-bodies", "Other large bodies fill the room that there is for them.")
    return b"".join(parts)


def _parts(req: Request) -> Iterator[bytes]:
    """Read a body: not by Werkzeug, which moves all that came already with each 64 kB that come.

    No further than its length: behind a body that is as long as may be, Werkzeug takes the end for too much.
    """
    left = sys.maxsize if req.content_length is None else req.content_length
    while left > 0 and (part := req.stream.read(AT_ONCE)):
        yield part
        left -= len(part)


class _Bodies:
    """How many bytes a process holds now: of bodies that come, that wait for their turn, and of the one parsed."""

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


def _count(size: int) -> bool:
    """Count more bytes of this request's body, and return whether there is room for them."""
    context = current_request()
    if not _BODIES.add(size, context.held_bytes):
        return False
    context.held_bytes += size
    return True


def _drop(_error: BaseException | None = None) -> None:
    """Count this request's body as gone."""
    context = current_request()
    if context.held_bytes:
        _BODIES.remove(context.held_bytes)
        context.held_bytes = 0


def _into_file(response: Response) -> Response:
    """Move a large answer into a file, from which the kernel sends it. On a full disk it stays where it is."""
    length = response.calculate_content_length() if response.is_sequence else None
    if length is None or length < LARGE_ANSWER:
        return response
    try:
        file = TemporaryFile()  # noqa: SIM115 - the server closes it
        file.writelines(response.iter_encoded())
        file.seek(0)
    except OSError:
        return response
    response.response, response.direct_passthrough = wrap_file(request.environ, file), True
    response.content_length = length
    return response
