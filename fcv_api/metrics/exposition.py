"""The port at which metrics are read: `GET /metrics` and nothing else, of a few clients at once."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

PATH = "/metrics"
AT_ONCE = 4
SECONDS_A_CLIENT = 5.0
"""Between two bytes: then its thread is free again."""
SECONDS_BETWEEN_TRIES = 2.0
"""To listen where another program does: the instance that this one succeeds, or another one of this host."""

log = logging.getLogger("fcv_api")


class Server(ThreadingHTTPServer):
    """Serves one registry."""

    daemon_threads = True

    def __init__(self, bind: tuple[str, int], registry: CollectorRegistry) -> None:
        self.address_family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
        self.registry = registry
        self.rendering = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(bind, _Handler)

    def server_bind(self) -> None:
        """Bind, and ask no name server for the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve a client in a thread, or close the connection where a few have one already."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Answer one client."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Pass over a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    timeout = SECONDS_A_CLIENT
    server: Server

    def do_GET(self) -> None:
        """Answer with all metrics as they stand."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"Only {PATH} is here.")
            return
        with self.server.rendering:
            body = generate_latest(self.server.registry)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Return nothing of versions."""
        return "fcv"

    def log_message(self, *_given: Any) -> None:  # noqa: ANN401
        """Write no line a scrape."""


@contextmanager
def exposed(bind: tuple[str, int], registry: CollectorRegistry) -> Iterator[None]:
    """Serve a registry within a block, in threads. Where the port is taken it is tried again until it is free."""
    ended = threading.Event()
    thread = threading.Thread(target=_expose, args=(bind, registry, ended), name="metrics-port", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(SECONDS_A_CLIENT)


def _expose(bind: tuple[str, int], registry: CollectorRegistry, ended: threading.Event) -> None:
    server = _listening(bind, registry, ended)
    if server is None:
        return
    with server:
        log.info("metrics: read at http://%s:%d%s", *bind, PATH)
        threading.Thread(target=server.serve_forever, name="metrics-server", daemon=True).start()
        ended.wait()
        server.shutdown()


def _listening(bind: tuple[str, int], registry: CollectorRegistry, ended: threading.Event) -> Server | None:
    """Return a server as soon as its port is free; None where the block ends before."""
    is_first = True
    while not ended.is_set():
        try:
            return Server(bind, registry)
        except OSError as error:
            if is_first:
                log.warning("metrics: not read at %s:%d for now: %s. All else goes on.", *bind, error.strerror)
            is_first = False
            ended.wait(SECONDS_BETWEEN_TRIES)
    return None
