"""gunicorn: one master that loads the model once, and workers that inherit it by fork."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

# NumPy's OpenBLAS starts threads when it is imported, and they do not survive the fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson
from gunicorn import util
from gunicorn.workers import base

import fcv_api.accounts.passwords  # noqa: F401 - reads which processors there are, before a worker keeps to one
from fcv_api.ledger.heads import publish_head
from fcv_api.serving import affinity
from fcv_api.serving.concurrency_limit import WAITING
from fcv_api.serving.descriptors import raise_limit
from fcv_api.serving.feed_process import FeedProcess, feed_command, look_after
from fcv_api.serving.sign_of_life import SignOfLife
from fcv_api.serving.worker import LeavingWorker
from fcv_api.settings import ROOT, Settings

_settings = Settings.from_environment()
raise_limit()

chdir = str(ROOT)
bind = _settings.bind
worker_class = LeavingWorker
LeavingWorker.most_drained = 2 * _settings.max_body_mb << 20  # all of a body twice as large as may be
umask = 0o117  # of a Unix socket alone: its owner and group may connect (0660), and no other user of the host
workers = _settings.workers
threads = _settings.threads + WAITING
worker_connections = 1000  # idle ones included: one more ends the one that has been silent for longest
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


def when_ready(server: Any) -> None:  # noqa: ANN401 - gunicorn's own types
    """Start the feed beside the workers, where it is the master's child."""
    if _settings.feed == "child":
        look_after(server, FeedProcess(SignOfLife(server.cfg), feed_command()))


def pre_fork(server: Any, worker: Any) -> None:  # noqa: ANN401
    """Choose a worker's processor while all others are known, and leave it no connection of the master's.

    Two processes on one connection garble each other.
    """
    choose_processor(server, worker)
    if not preload_app:
        return
    from fcv_api.extensions import db  # only the master's app has an engine to empty
    from wsgi import app

    with app.app_context():
        db.engine.dispose()


def choose_processor(server: Any, worker: Any) -> None:  # noqa: ANN401
    """Choose the processor that a worker keeps to."""
    worker.processor = None
    if _settings.cpu_affinity == "auto":
        taken = [each.processor for each in server.WORKERS.values()]
        worker.processor = affinity.choose(taken, server.num_workers, bind)


def post_fork(_server: Any, worker: Any) -> None:  # noqa: ANN401
    """Keep a worker to its processor before it has more than one thread."""
    if worker.processor is not None:
        affinity.keep_to({worker.processor})


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


def on_exit(server: Any) -> None:  # noqa: ANN401
    """End the feed, and publish the record's head once more when all have ended: one may not have come to it."""
    if feed := getattr(server, "feed", None):
        feed.stop()
    loaded = sys.modules.get("wsgi")  # not where the start was refused
    if loaded is None or not preload_app:
        return
    with contextlib.suppress(Exception), loaded.app.app_context():
        publish_head(at_once=True)


def write_problem(sock: Any, status: int, reason: str, _detail: str) -> None:  # noqa: ANN401
    """Answer what is no HTTP, and so never reached the app, as every other error is answered.

    gunicorn has no setting for this, and its own answer is an HTML page that quotes the request.
    """
    detail = "This is not a well-formed HTTP request."
    body = orjson.dumps({"type": "about:blank", "title": reason, "status": status, "detail": detail})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


util.write_error = write_problem
base.WorkerTmp = SignOfLife
