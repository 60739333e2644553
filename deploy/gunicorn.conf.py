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
from fcv_api.metrics import slots
from fcv_api.serving import affinity
from fcv_api.serving.child_process import ChildProcess, command_of, look_after
from fcv_api.serving.concurrency_limit import WAITING
from fcv_api.serving.descriptors import raise_limit
from fcv_api.serving.first_steps import print_first_steps
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
# Where workers count for Prometheus; None with FCV_METRICS_BIND empty, and with --reload, for development.
counts = slots.folder_of(_settings.log_dir, _settings.bind) if _settings.metrics_bind and preload_app else None
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
    """Print what to try first, for it listens now; start the feed, where it is the master's child, and the metrics."""
    if not _settings.production:
        print_first_steps(_settings.bind, built=(ROOT / "build" / "guide" / "index.html").is_file())
    if _settings.feed == "child":
        look_after(server, ChildProcess("feed", SignOfLife(server.cfg), command_of("feed", "run")))
    if counts is not None:
        try:
            slots.prepare(counts)
        except OSError as error:
            server.log.warning("metrics: workers are not counted: %s", error)
        look_after(server, ChildProcess("metrics", SignOfLife(server.cfg), command_of("metrics", "--serve")))


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
    """Keep a worker to its processor before it has more than one thread, and give it its slot for counts."""
    if worker.processor is not None:
        affinity.keep_to({worker.processor})
    worker.slot = None
    if counts is not None:
        try:
            worker.slot = slots.claim(counts)
        except OSError as error:  # no room for its files: it serves, and counts for itself
            worker.log.warning("metrics: this worker is not counted: %s", error)


def pre_exec(server: Any) -> None:  # noqa: ANN401
    """Let the new master of an upgrade by USR2 begin as the first one did: `fcv serve` looks after settings and tables.

    gunicorn would start itself again by the path of its own `__main__.py`. Python then looks for modules beside that
    file first, and takes `gunicorn/http` for its own `http`.
    """
    server.START_CTX.update(args=[sys.executable, "-m", "fcv_api.cli", "serve"], cwd=str(ROOT))


def post_worker_init(worker: Any) -> None:  # noqa: ANN401
    """Let each worker take up the model in force before its first answer, and look for newer ones."""
    from wsgi import app  # the worker's own, once it is forked

    if worker.slot is not None:
        app.extensions["fcv"].counts.started(worker.slot.number)
    app.extensions["fcv"].models.watch()


def worker_exit(_server: Any, _worker: Any) -> None:  # noqa: ANN401
    """Count what a worker that ends has answered, and take it out of the list of those that serve."""
    from wsgi import app  # the worker's own

    app.extensions["fcv"].counts.flush()
    with contextlib.suppress(Exception):  # it ends either way, and is forgotten after a minute
        app.extensions["fcv"].models.forget()


def on_exit(server: Any) -> None:  # noqa: ANN401
    """End the programs beside the workers, and publish the record's head: one worker may not have come to it."""
    for child in getattr(server, "children", ()):
        child.stop()
    if counts is not None:
        slots.clear(counts)
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
