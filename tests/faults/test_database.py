"""A database that is away, hangs or is locked under load: 503 within 5 s, never 401, and back within 2 s."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest
from postgres import Server, cluster, new_database
from service import Service, running

from fcv_api.wire.example import example_request

SHORT = os.environ.get("FAULTS_SHORT") == "1"
AWAY = 4 if SHORT else 20
CLIENTS = 16
LONGEST, BACK = 5.0, 2.0  # what is wanted, in seconds
BODY = json.dumps(example_request()).encode()

pytestmark = pytest.mark.filterwarnings("ignore")


class Answer(NamedTuple):
    """began: by time.monotonic(). status: 0 where the connection broke."""

    path: str
    began: float
    seconds: float
    status: int
    retry_after: str | None


@contextmanager
def asked(service: Service) -> Iterator[list[Answer]]:
    """Ask for predictions by some clients, and for what needs no database by one each. Gives all answers."""
    token, done, got = service.sign_in(), threading.Event(), list[Answer]()

    def ask(path: str) -> None:
        connection = HTTPConnection(*service.address, timeout=30)
        headers = token | {"Content-Type": "application/json"}
        while not done.wait(0.01):
            got.append(_ask(connection, path, headers))
        connection.close()

    paths = ["/predict"] * CLIENTS + ["/home", "/health/live", "/health/ready", "/"]
    threads = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _ask(connection: HTTPConnection, path: str, headers: dict[str, str]) -> Answer:
    began = time.monotonic()
    try:
        connection.request(*(("POST", path, BODY, headers) if path == "/predict" else ("GET", path, None, headers)))
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        connection.close()
        return Answer(path, began, time.monotonic() - began, 0, None)
    return Answer(path, began, time.monotonic() - began, answer.status, answer.headers["Retry-After"])


def check(what: str, got: list[Answer], gone: float, back: float) -> None:
    """See what was answered before, while the database was gone, and after."""
    needing = [each for each in got if each.path not in ("/home", "/health/live")]
    meanwhile = [each for each in needing if gone < each.began < back]
    answered = [each.began + each.seconds for each in got if each.path == "/predict" and each.status == 200]
    first = min(moment for moment in answered if moment > back)
    settled = [each for each in needing if each.began > back + BACK]
    free = [each for each in got if each not in needing]
    print(
        f"\n{what}: {len(meanwhile)} calls meanwhile: {dict(Counter(each.status for each in meanwhile))}, slowest "
        f"{max(each.seconds for each in meanwhile):.2f} s, of all calls {max(each.seconds for each in needing):.2f} s; "
        f"first 200 {first - back:.2f} s after its return; "
        f"/home and /health/live: {dict(Counter(each.status for each in free))}, slowest "
        f"{max(each.seconds for each in free):.2f} s"
    )
    assert {each.status for each in needing if each.began < gone - LONGEST} <= {200}
    assert {each.status for each in meanwhile} <= {200, 503}
    assert {each.retry_after for each in needing if each.status == 503} == {"5"}
    assert max(each.seconds for each in needing) < LONGEST
    assert {each.status for each in needing} == {200, 503}
    assert settled
    assert {each.status for each in settled} == {200}
    assert {each.status for each in free} == {200}
    assert max(each.seconds for each in free) < LONGEST


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Give a PostgreSQL to spoil and to restore."""
    with cluster() as server:
        yield server


@pytest.fixture(scope="module")
def on_postgresql(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service on it, which each test leaves whole."""
    with running(tmp_path_factory.mktemp("service"), DATABASE_URL=new_database(server.url)) as service:
        yield service


Spoil = Callable[[Server], None]


@pytest.mark.parametrize(
    ("what", "spoil", "restore"),
    [
        ("stopped", Server.stop, Server.start),
        ("hanging", Server.hang, lambda server: server.hang(on=False)),
    ],
    ids=["stopped", "hanging"],
)
def test_a_postgresql_that_is_gone_is_told_in_time_and_taken_up_again(
    server: Server, on_postgresql: Service, what: str, spoil: Spoil, restore: Spoil
) -> None:
    with asked(on_postgresql) as got:
        time.sleep(2)
        before = on_postgresql.workers()
        gone = time.monotonic()
        spoil(server)
        time.sleep(AWAY)
        restore(server)
        back = time.monotonic()
        time.sleep(BACK + 1.5)
    assert on_postgresql.workers() == before
    check(f"PostgreSQL {what} for {back - gone:.0f} s", got, gone, back)
    assert whole(on_postgresql)


def test_a_sqlite_file_that_another_process_locks_is_told_in_time_and_taken_up_again(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        with asked(service) as got:
            time.sleep(2)
            with closing(sqlite3.connect(tmp_path / "fcv.db", isolation_level=None)) as other:
                other.execute("PRAGMA busy_timeout=5000")
                other.execute("BEGIN EXCLUSIVE")
                gone = time.monotonic()
                time.sleep(AWAY)
                other.execute("ROLLBACK")
                back = time.monotonic()
            time.sleep(BACK + 1.5)
        check(f"SQLite locked for {back - gone:.0f} s", got, gone, back)
        assert whole(service)


def whole(service: Service) -> bool:
    """Verify the record, of which nothing may be half."""
    return service.fcv("ledger", "verify").returncode == 0
