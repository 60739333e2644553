"""Large bodies are parsed one at a time, and the lock is released with its request."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.serving import concurrency_limit
from fcv_api.serving.concurrency_limit import LargeBodyLock
from fcv_api.web import parser
from fcv_api.wire.example import example_batch
from fcv_api.wire.json_body import read_json


def lock_of(app: Flask) -> LargeBodyLock:
    lock: LargeBodyLock = app.extensions["fcv"].large_body_lock
    return lock


@pytest.fixture
def _all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency_limit, "LARGE", 2)


@pytest.mark.usefixtures("_all_large")
def test_a_process_parses_one_large_body_at_a_time(
    app: Flask, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most = threading.Semaphore(0), []

    def slowly(body: bytes, names: tuple[str, ...]) -> dict[str, Any]:
        inside.release()
        most.append(inside._value)  # noqa: SLF001
        time.sleep(0.05)
        inside.acquire()
        return read_json(body, names)

    monkeypatch.setattr(parser, "read_json", slowly)
    with ThreadPoolExecutor(4) as threads:
        post = lambda _: app.test_client().post("/predict/batch", json=example_batch(), headers=token)  # noqa: E731
        assert [answer.status_code for answer in threads.map(post, range(4))] == [200] * 4
    assert most == [1] * 4


@pytest.mark.usefixtures("_all_large")
@pytest.mark.parametrize("body", [b"{nothing", b"{}", orjson.dumps(example_batch() | {"valor": 5})], ids=repr)
def test_the_lock_is_released_when_its_body_is_refused(http: FlaskClient, token: dict[str, str], body: bytes) -> None:
    headers = token | {"Content-Type": "application/json"}
    assert http.post("/predict/batch", data=body, headers=headers).status_code in (400, 422)
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    assert not lock_of(http.application).lock.locked()


HOLDS = "import os, sys, time; os.lockf(int(sys.argv[1]), os.F_LOCK, 0); print(flush=True); time.sleep(60)"


def test_another_worker_waits_for_its_turn_and_one_that_is_killed_leaves_it(app: Flask) -> None:
    lock = lock_of(app)
    command = [sys.executable, "-c", HOLDS, str(lock.file)]
    with (
        subprocess.Popen(command, pass_fds=[lock.file], stdout=subprocess.PIPE) as worker,
        ThreadPoolExecutor(1) as threads,
    ):
        assert worker.stdout
        worker.stdout.readline()
        waiting = threads.submit(held_for_a_moment, lock)
        time.sleep(0.1)
        assert not waiting.done()
        worker.kill()
        assert waiting.result(timeout=10) == concurrency_limit.GIVES_WAY
    assert sys.getswitchinterval() > concurrency_limit.GIVES_WAY


def held_for_a_moment(lock: LargeBodyLock) -> float:
    """Return how long a thread may keep the interpreter while the lock is held."""
    lock.acquire(concurrency_limit.LARGE)
    interval = sys.getswitchinterval()
    lock._end(None)  # noqa: SLF001 - as a request's end does
    return interval
