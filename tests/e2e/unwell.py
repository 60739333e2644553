"""A service that is not well: it answers by a script, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

from served import in_a_thread

Step = tuple[int, dict[str, str], str]


class Unwell(BaseHTTPRequestHandler):
    """Answers with the next of `script`: (status, headers, body). Of status 0 it closes without an answer."""

    script: ClassVar[list[Step]] = []
    seen: ClassVar[list[str]] = []
    keys: ClassVar[list[str | None]] = []
    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Answer."""
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(f"{self.path} {self.headers.get('Authorization', '-')}")
        self.keys.append(self.headers.get("Idempotency-Key"))
        status, headers, body = self.script.pop(0)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def unwell_service() -> Iterator[str]:
    """Serve the script that a test gives, and return the address."""
    for memory in (Unwell.seen, Unwell.keys, Unwell.bodies):
        memory.clear()
    server = HTTPServer(("127.0.0.1", 0), Unwell)
    with in_a_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"
