"""Many clients that all ask at one moment, each once: one thread, and a selector.

`ab` and `wrk` cannot: the one speaks HTTP/1.0, the other asks again as soon as it has an answer.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

CHUNK = 1 << 18
LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
Steps = Generator[int, None, None]
"""What a client waits for next: `EVENT_READ` or `EVENT_WRITE`."""


@dataclass(frozen=True)
class Request:
    """What to ask. trusted: the authority of a server with TLS."""

    url: str
    body: bytes
    token: str
    trusted: Path | None = None

    def message(self) -> memoryview:
        """Give the bytes to send."""
        parts = urlsplit(self.url)
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return memoryview(head.encode() + self.body)


@dataclass
class Client:
    """One connection. status: 0 until an answer is whole. seconds: from the first moment until then."""

    socket: socket.socket
    status: int = 0
    seconds: float = 0.0
    steps: Steps = field(init=False)


def ask(request: Request, count: int, longest: float) -> list[Client]:
    """Ask by many clients at once, and wait for all answers, or until it took too long."""
    began, message, context = time.perf_counter(), request.message(), _context(request)
    parts = urlsplit(request.url)
    clients = [Client(socket.socket()) for _ in range(count)]
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.socket.setblocking(False)  # noqa: FBT003
            client.socket.connect_ex((parts.hostname, parts.port))
            client.steps = _exchange(client, message, context)
            selector.register(client.socket, selectors.EVENT_WRITE, client)
        while selector.get_map() and time.perf_counter() - began < longest:
            for key, _ in selector.select(1.0):
                _go_on(selector, key.data, began)
    for client in clients:  # those that waited in vain
        client.socket.close()
    return clients


def _go_on(selector: selectors.BaseSelector, client: Client, began: float) -> None:
    """Let a client do what it can do now."""
    before = client.socket
    try:
        wanted = next(client.steps, None)
    except OSError:  # refused, cut off, or no TLS: it stays without an answer
        wanted = None
    if client.socket is not before:  # TLS has wrapped it: the descriptor is the same
        selector.unregister(client.socket)
        selector.register(client.socket, selectors.EVENT_READ, client)
    if wanted is None:
        client.seconds = time.perf_counter() - began
        selector.unregister(client.socket)
        client.socket.close()  # at once, as clients do: gunicorn's worker waits for it, 2 s at most, before all others
    elif selector.get_key(client.socket).events != wanted:
        selector.modify(client.socket, wanted, client)


def _exchange(client: Client, message: memoryview, context: ssl.SSLContext | None) -> Steps:
    """Connect, send and receive, and stop wherever the socket is not ready."""
    if context:
        client.socket = context.wrap_socket(client.socket, do_handshake_on_connect=False, server_hostname="127.0.0.1")
        yield from _shake_hands(client.socket)
    yield from _send(client.socket, message)
    client.status = yield from _receive(client.socket)


def _shake_hands(wrapped: ssl.SSLSocket) -> Steps:
    while True:
        try:
            return wrapped.do_handshake()
        except ssl.SSLWantReadError:
            yield selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            yield selectors.EVENT_WRITE


def _send(connection: socket.socket, message: memoryview) -> Steps:
    sent = 0
    while sent < len(message):
        try:
            sent += connection.send(message[sent : sent + CHUNK])
        except (BlockingIOError, ssl.SSLWantWriteError):
            yield selectors.EVENT_WRITE
        except ssl.SSLWantReadError:
            yield selectors.EVENT_READ


def _receive(connection: socket.socket) -> Generator[int, None, int]:
    """Read a whole answer, and give its status: 0 where the server ends before."""
    received = b""
    while not (status := _status(received)):
        try:
            part = connection.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            yield selectors.EVENT_READ
            continue
        except ssl.SSLWantWriteError:
            yield selectors.EVENT_WRITE
            continue
        if not part:
            break
        received += part
    return status


def _status(received: bytes) -> int:
    """Give the status of an answer that is whole; 0 where it is not yet."""
    head, _, body = received.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return int(head.split(b" ", 2)[1]) if length and int(length[1]) == len(body) else 0


def _context(request: Request) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(request.trusted)) if request.trusted else None
