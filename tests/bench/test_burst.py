"""Many clients that ask at one moment: each is answered, or is counted as not answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from service import free_port

from bench.contest.burst import Request, ask

LONGEST = 20.0


class Handler(BaseHTTPRequestHandler):
    """Answers the length of what it got, the whole or less of it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = len(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] == "Bearer cut":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nless")
            return
        self.send_response(200 if self.headers["Authorization"] == "Bearer good" else 401)
        self.send_header("Content-Length", str(len(str(length))))
        self.end_headers()
        self.wfile.write(str(length).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes many at once."""

    request_queue_size = 64


@pytest.fixture
def url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield f"http://127.0.0.1:{server.server_port}/predict"
        server.shutdown()


@pytest.mark.parametrize(("token", "status"), [("good", 200), ("bad", 401), ("cut", 0)])
def test_each_of_many_clients_has_the_status_of_its_answer_or_none(url: str, token: str, status: int) -> None:
    clients = ask(Request(url, b"x" * 300_000, token), 20, LONGEST)
    assert [client.status for client in clients] == [status] * 20
    assert all(0 < client.seconds < LONGEST for client in clients)


def test_clients_of_a_port_that_nobody_listens_on_have_no_answer() -> None:
    nowhere = Request(f"http://127.0.0.1:{free_port()}/predict", b"", "good")
    assert [client.status for client in ask(nowhere, 3, LONGEST)] == [0, 0, 0]
