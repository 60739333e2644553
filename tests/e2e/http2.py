"""A client of HTTP/2 that opens streams and takes nothing of their answers: frames as RFC 9113 has them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from proxied import Proxy

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS = 1, 4
END_STREAM_AND_HEADERS = 0x5
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4


@contextmanager
def stalled(proxy: Proxy) -> Iterator[ssl.SSLSocket]:
    """Connect, and leave nginx no room for a single byte of any answer's body."""
    context = ssl.create_default_context(cafile=str(proxy.ca))
    context.set_alpn_protocols(["h2"])
    plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        no_window = INITIAL_WINDOW_SIZE.to_bytes(2, "big") + bytes(4)
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0, no_window))
        yield connection


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def get(connection: ssl.SSLSocket, stream: int, path: str, request_id: str) -> None:
    """Ask for a path on a stream of its own. Stream numbers are odd, and rise."""
    own = _text("x-request-id", request_id)
    block = b"\x82\x87" + b"\x04" + _string(path) + b"\x01" + _string("127.0.0.1") + own
    connection.sendall(frame(HEADERS, END_STREAM_AND_HEADERS, stream, block))


def settings(connection: ssl.SSLSocket) -> dict[int, int]:
    """Read the server's settings, which come first."""
    head = _read(connection, 9)
    assert head[3] == SETTINGS
    payload = _read(connection, int.from_bytes(head[:3], "big"))
    pairs = (payload[start : start + 6] for start in range(0, len(payload), 6))
    return {int.from_bytes(pair[:2], "big"): int.from_bytes(pair[2:], "big") for pair in pairs}


def _text(name: str, value: str) -> bytes:
    return b"\x00" + _string(name) + _string(value)


def _string(value: str) -> bytes:
    return bytes((len(value),)) + value.encode()


def _read(connection: ssl.SSLSocket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        assert part, "the server closed"
        data += part
    return data
