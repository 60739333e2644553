"""An app over real HTTP in the test's own process, where nothing of gunicorn is asked, which takes seconds to start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from ssl import SSLContext
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

SECONDS_TO_NOTICE = 0.02
"""How long a server may take to see that it shall stop: half a second if nobody says, after each test."""


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, *_given: Any) -> None:
        """Say nothing."""


@contextmanager
def in_a_thread(server: BaseServer) -> Iterator[None]:
    """Serve in a thread within a block."""
    threading.Thread(target=server.serve_forever, args=(SECONDS_TO_NOTICE,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def served(app: Flask, tls: SSLContext | None = None) -> Iterator[str]:
    """Serve an app over HTTP in a thread, and return its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet, ssl_context=tls)
    with in_a_thread(server):
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
