"""A process works on some requests at once, and whoever waits for something else is not one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from conftest import PASSWORD, MakeToken
from flask import Flask
from werkzeug.test import TestResponse

from fcv_api import accounts
from fcv_api.accounts import passwords
from fcv_api.serving import concurrency_limit
from fcv_api.serving.concurrency_limit import ConcurrencyLimit
from fcv_api.wire.example import example_batch, example_request

PERMITS = 4
Token = dict[str, str]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Give threads, each of which may ask as a client of its own."""
    with ThreadPoolExecutor(2 * PERMITS) as threads:
        yield threads


def predict(app: Flask, token: Token) -> TestResponse:
    return app.test_client().post("/predict", json=example_request(), headers=token)


def limit_of(app: Flask) -> ConcurrencyLimit:
    limit: ConcurrencyLimit = app.extensions["fcv"].concurrency_limit
    return limit


def taken(app: Flask) -> int:
    return PERMITS - limit_of(app).permits._value  # noqa: SLF001


def test_others_are_worked_on_while_sign_ins_wait(
    app: Flask, make_token: MakeToken, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, gate, begun = make_token(), threading.Event(), threading.Semaphore(0)

    def slowly(_password: str, _hashed: str | None, _known_wrong: Callable[[], bool]) -> bool:
        begun.release()
        return gate.wait(20)

    monkeypatch.setattr(accounts, "matches", slowly)
    form = {"username": "ana", "password": PASSWORD}
    waiting = [threads.submit(lambda: app.test_client().post("/auth/token", data=form)) for _ in range(PERMITS + 1)]
    for _ in waiting:
        assert begun.acquire(timeout=20)
    assert predict(app, token).status_code == 200
    gate.set()
    assert [each.result().status_code for each in waiting] == [200] * len(waiting)
    assert taken(app) == 0


def test_others_are_worked_on_while_large_bodies_wait_for_their_lock(
    app: Flask, token: Token, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency_limit, "LARGE", 20_000)
    large = example_batch() | {"sede": ["x" * 20_000]}

    def send() -> TestResponse:
        return app.test_client().post("/predict/batch", json=large, headers=token)

    with app.extensions["fcv"].large_body_lock.lock:  # one that takes long
        waiting: list[Future[TestResponse]] = [threads.submit(send) for _ in range(PERMITS + 1)]
        assert predict(app, token).status_code == 200
    assert [each.result().status_code for each in waiting] == [200] * len(waiting)
    assert taken(app) == 0


def test_others_are_worked_on_while_large_bodies_are_received(
    app: Flask, token: Token, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency_limit, "LARGE", 20_000)
    large, limit = example_batch() | {"sede": ["x" * 20_000]}, limit_of(app)
    chunked = {"Transfer-Encoding": "chunked"}

    def send(headers: Token) -> TestResponse:
        return app.test_client().post("/predict/batch", json=large, headers=token | headers)

    for _ in range(PERMITS // 2):  # which are being received, slowly
        limit.large.acquire()
        limit.permits.acquire()
    waiting = [threads.submit(send, headers) for headers in [{}, chunked] * (PERMITS // 2)]
    assert predict(app, token).status_code == 200
    assert not any(each.done() for each in waiting)
    for _ in range(PERMITS // 2):
        limit.large.release()
        limit.permits.release()
    assert waiting[0].result().status_code == 200
    for each in waiting:
        each.result()
    assert (taken(app), limit.large._value) == (0, PERMITS // 2)  # noqa: SLF001


def test_whether_it_lives_is_answered_without_a_permit(app: Flask, token: Token, threads: ThreadPoolExecutor) -> None:
    free = limit_of(app).permits
    for _ in range(PERMITS):
        free.acquire()
    waiting = threads.submit(predict, app, token)
    assert app.test_client().get("/health/live").status_code == 200
    assert not waiting.done()
    for _ in range(PERMITS):
        free.release()
    assert waiting.result().status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/predict", "/health/ready", "/auth/token"])
def test_a_permit_is_given_back_however_a_request_ends(app: Flask, path: str) -> None:
    app.test_client().post(path, data=b"{nothing")
    assert taken(app) == 0


def test_a_sign_in_that_finds_too_many_before_it_is_told_to_come_again(
    app: Flask, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_token()
    monkeypatch.setattr(passwords, "_LINE", threading.BoundedSemaphore(1))
    passwords._LINE.acquire()  # noqa: SLF001
    answer = app.test_client().post("/auth/token", data={"username": "ana", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.get_json()["type"] == "/problems/sign-ins-busy"
