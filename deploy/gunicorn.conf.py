"""gunicorn: one master that loads the model once, and workers that inherit it by fork."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import time
from collections import deque
from functools import partial
from typing import Any

# NumPy's OpenBLAS starts threads when it is imported, and they do not survive the fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson
from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from fcv_api.settings import ROOT, Settings
from fcv_api.web.places import WAITING

_settings = Settings.from_environment()


FEW = 8
LINGER, LONGEST_LINGER, MOST_LINGERING = 2.0, 65_536, 256
"""Seconds and bytes for which a closed connection is still read, as gunicorn has them; and how many there may be."""


class LeavingWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's gthread worker, which gives up the port as soon as it stops accepting, and not seconds later.

    Otherwise the kernel goes on taking connections for a service that ends, nginx sends requests on them, and they are
    cut off unanswered. A port that nobody holds refuses, and nginx asks the other instance.

    And it waits for no client that does not close what was closed to it: gunicorn's own does for two seconds, in the
    thread that gives work to all others, so that forty such clients would stop a worker for more than a minute.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        self._lingering: deque[Any] = deque()

    def accept(self, listener: Any) -> None:  # noqa: ANN401
        """Let an idler worker take the connection, where there are few: the first to wake would take all of them."""
        if 0 < self.nr_conns < FEW:
            time.sleep(self.nr_conns * 0.0002)
        super().accept(listener)

    def finish_request(self, conn: Any, fs: Any) -> None:  # noqa: ANN401
        """Give the connection back to its client, or close it, and wait for nobody."""
        conn.close = partial(self._close, conn)
        super().finish_request(conn, fs)

    def _close(self, conn: Any, graceful: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - gunicorn's own
        """Say that no more comes, and leave it to the poller to see that the client closes too."""
        if graceful and not self.alive:  # nothing else is waiting for this thread
            conn.sock.settimeout(None)
            util.close_graceful(conn.sock)
            return
        if not graceful or len(self._lingering) >= MOST_LINGERING:
            util.close(conn.sock)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):
            util.close(conn.sock)
            return
        conn.timeout, conn.left = time.monotonic() + LINGER, LONGEST_LINGER
        self._lingering.append(conn)

    def _drain(self, conn: Any, sock: Any) -> None:  # noqa: ANN401
        """Read what a client still sends: what was not read when a socket closes cuts off the answer before it."""
        try:
            read = len(sock.recv(4096))
        except BlockingIOError:
            return
        except OSError:
            read = 0
        conn.left -= read
        if not read or conn.left <= 0:
            self._lingering.remove(conn)
            self._end(conn)

    def _end(self, conn: Any) -> None:  # noqa: ANN401
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        util.close(conn.sock)

    def murder_pending(self) -> None:
        """End what lingered long enough, too."""
        super().murder_pending()
        while self._lingering and self._lingering[0].timeout < time.monotonic():
            self._end(self._lingering.popleft())

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's own signature
        """Take what has come already, and close, where accepting ends for good."""
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                if listener.sock is not None:  # not closed yet
                    self._take_what_waits(listener)
                    listener.close()

    def _take_what_waits(self, listener: Any) -> None:  # noqa: ANN401
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)  # counts a connection, or finds none


chdir = str(ROOT)
bind = _settings.bind
worker_class = LeavingWorker
workers = _settings.workers
threads = _settings.threads + WAITING
# A preloaded app is loaded before the reloader watches, so an edit would change nothing.
preload_app = "--reload" not in sys.argv
# A slow leak never grows for months; not all workers at one moment, and no request is lost by it.
max_requests = 20_000
max_requests_jitter = 4_000
control_socket_disable = True
accesslog = None  # access_log.py writes the line
# A guard test compares these with deploy/nginx.conf.
timeout = 30
graceful_timeout = 30
keepalive = 75
limit_request_line = limit_request_field_size = 8190
forwarded_allow_ips = "127.0.0.1,::1"  # FCV_PROXIES decides who is believed; nothing is ever believed of all (`*`)
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - memory, not a disk


def pre_fork(_server: Any, _worker: Any) -> None:  # noqa: ANN401 - gunicorn's own types
    """Leave the workers no connection of the master's: two processes on one connection garble each other."""
    if not preload_app:
        return
    from fcv_api.extensions import db  # only the master's app has an engine to empty
    from wsgi import app

    with app.app_context():
        db.engine.dispose()


def pre_exec(server: Any) -> None:  # noqa: ANN401
    """Let the new master of an upgrade by USR2 begin as the first one did: `fcv serve` looks after settings and tables.

    gunicorn would start itself again by the path of its own `__main__.py`. Python then looks for modules beside that
    file first, and takes `gunicorn/http` for its own `http`.
    """
    server.START_CTX.update(args=[sys.executable, "-m", "fcv_api.cli", "serve"], cwd=str(ROOT))


def post_worker_init(_worker: Any) -> None:  # noqa: ANN401
    """Let each worker take up the model in force before its first answer, and look for newer ones."""
    from wsgi import app  # the worker's own, once it is forked

    app.extensions["fcv"].models.watch()


def worker_exit(_server: Any, _worker: Any) -> None:  # noqa: ANN401
    """Take a worker that ends out of the list of those that serve."""
    from wsgi import app  # the worker's own

    with contextlib.suppress(Exception):  # it ends either way, and is forgotten after a minute
        app.extensions["fcv"].models.forget()


def write_problem(sock: Any, status: int, reason: str, _detail: str) -> None:  # noqa: ANN401
    """Answer what is no HTTP, and so never reached the app, as every other error is answered.

    gunicorn has no setting for this, and its own answer is an HTML page that quotes the request.
    """
    detail = "This is not a well-formed HTTP request."
    body = orjson.dumps({"type": "about:blank", "title": reason, "status": status, "detail": detail})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


util.write_error = write_problem
