"""Post for many beds at their times, each from one of some connections that are kept; count what was answered."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from bench.feed import monitors

CONNECTIONS = 16
LONGEST = 30.0
"""Seconds that an answer is waited for."""
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3})")
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
NEW = re.compile(rb'"new":(\d+)')


class Sent(NamedTuple):
    """A post. at: when it was due, in seconds since the epoch. late: how much later it was sent. new: rows stored."""

    bed: int
    at: float
    late: float
    seconds: float
    status: int
    new: int


class Connection:
    """A connection that is kept, and made again where the server closed it."""

    def __init__(self, address: tuple[str, int], authorization: str) -> None:
        self._address, self._socket = address, socket.create_connection(address, LONGEST)
        self._head = (
            f"POST /observations HTTP/1.1\r\nHost: {address[0]}\r\nAuthorization: {authorization}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def prepare(self, bed: int, minute: int) -> bytes:
        """Return a bed's body at a minute since the epoch."""
        return monitors.body(bed, minute)

    def post(self, body: bytes) -> tuple[int, int]:
        """Return the status and how many rows were new; once more on a new connection: an idle one may be closed."""
        request = self._head + f"{len(body)}\r\n\r\n".encode() + body
        with suppress(OSError):
            if answer := self._ask(request):
                return _read(answer)
        self.close()
        self._socket = socket.create_connection(self._address, LONGEST)
        return _read(self._ask(request))

    def _ask(self, request: bytes) -> bytes:
        """Return the whole answer; nothing where the connection ends before it."""
        self._socket.sendall(request)
        answer = b""
        while part := self._socket.recv(65536):
            answer += part
            head, found, content = answer.partition(b"\r\n\r\n")
            length = LENGTH.search(head)
            if found and length and len(content) >= int(length[1]):
                return answer
        return b""

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def _read(answer: bytes) -> tuple[int, int]:
    status, new = ANSWER.match(answer), NEW.search(answer)
    return int(status[1]) if status else 0, int(new[1]) if new else 0


class Pace(NamedTuple):
    """How beds post: each every some seconds, one after the other. began: in seconds since the epoch."""

    beds: int
    began: float
    seconds: float
    every: float = 60.0

    def times(self, own: range) -> Iterator[tuple[int, float]]:
        """Return beds and when each of their posts is due."""
        for round_ in range(int(self.seconds // self.every) + 1):
            for bed in own:
                at = self.began + self.every * (round_ + bed / self.beds)
                if at < self.began + self.seconds:
                    yield bed, at


class Line(Protocol):
    """A connection that is kept, by which some beds post one after the other."""

    def prepare(self, bed: int, minute: int) -> bytes:
        """Return what a bed posts at a minute since the epoch."""

    def post(self, content: bytes) -> tuple[int, int]:
        """Post it, and return the status, 200 where all went well, and how many rows were new."""

    def close(self) -> None:
        """Close it."""


def lines(address: tuple[str, int], authorization: str, pace: Pace) -> list[Line]:
    """Connect to a service: 16 times, or once for each bed where there are fewer."""
    return [Connection(address, authorization) for _ in range(min(CONNECTIONS, pace.beds))]


def drive(lines: Sequence[Line], pace: Pace) -> list[Sent]:
    """Post for each bed, again and again, each on one of the connections, and return what was answered."""
    found: list[Sent] = []

    def keep(first: int) -> None:
        for bed, at in pace.times(range(first, pace.beds, len(lines))):
            found.append(_post(lines[first], bed, at))
        lines[first].close()

    threads = [threading.Thread(target=keep, args=(first,)) for first in range(len(lines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _post(line: Line, bed: int, at: float) -> Sent:
    content = line.prepare(bed, int(at // 60))
    time.sleep(max(at - time.time(), 0))
    sent = time.time()
    try:
        status, new = line.post(content)
    except OSError:
        status, new = 0, 0
    return Sent(bed, at, sent - at, time.time() - sent, status, new)
