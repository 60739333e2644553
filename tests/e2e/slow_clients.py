"""Clients that send a byte a second: half of them in their headers, half in their bodies."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from proxied import Proxy


@dataclass
class SlowClients:
    """Open connections, and how many were opened in all: nginx ends them, and they come again."""

    proxy: Proxy
    token: dict[str, str]
    held: list[ssl.SSLSocket | None]
    opened: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def alive(self) -> int:
        """Count those that are open."""
        return sum(each is not None for each in self.held)

    def trickle(self) -> None:
        """Open what is closed, and send a byte on each, once a second."""
        while not self.stop.is_set():
            for number, connection in enumerate(self.held):
                try:
                    if connection is None:
                        self.held[number] = self._open(in_body=number % 2 == 0)
                    else:
                        connection.send(b"a")
                except OSError:
                    self.held[number] = None
                if self.stop.is_set():
                    return
            self.stop.wait(1)

    def _open(self, *, in_body: bool) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.proxy.ca))
        connection = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.proxy.port), timeout=5), server_hostname="127.0.0.1"
        )
        head = f"POST /predict HTTP/1.1\r\nHost: fcv\r\nAuthorization: {self.token['Authorization']}\r\n"
        rest = "Content-Type: application/json\r\nContent-Length: 300000\r\n\r\n" if in_body else "X-Slow: "
        connection.sendall((head + rest).encode())
        self.opened += 1
        return connection


@contextmanager
def slow_clients(proxy: Proxy, token: dict[str, str], count: int) -> Iterator[SlowClients]:
    """Keep so many slow connections open meanwhile."""
    slow = SlowClients(proxy, token, [None] * count)
    thread = threading.Thread(target=slow.trickle)
    thread.start()
    try:
        while slow.alive() < count * 0.9:
            slow.stop.wait(0.1)
        yield slow
    finally:
        slow.stop.set()
        thread.join()
        for connection in slow.held:
            with contextlib.suppress(OSError, AttributeError):
                connection.close()  # type: ignore[union-attr]
