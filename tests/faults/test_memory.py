"""Whatever clients send at once, all processes stay under 1 GB, give it back, and answer others meanwhile.

`make faults` runs these, and each prints its figures; FAULTS_SHORT=1 makes them short.
"""

from __future__ import annotations

import contextlib
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection

import orjson
import pytest
import requests
from clients import SHORT, distinct_request
from meanwhile import meanwhile
from processes import held_by
from service import Service, running

MOST, LEFT = 1024, 100
"""MB while it happens, and more than at the start a minute after."""
MANY, LARGE = (8, 10_000_000) if SHORT else (64, 32_000_000)
READERS = 130
MINUTE = 60
JSON, CSV = "application/json", "text/csv"
Sent = tuple[bytes, str]

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass
class Seen:
    """What a service held, in MB, and what others waited, in seconds."""

    service: Service
    token: dict[str, str]
    most: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def held(self) -> float:
        """Add up the PSS of all processes."""
        return held_by(self.service.master.pid, *self.service.workers()).megabytes

    def watch(self, done: threading.Event) -> None:
        """Keep the largest."""
        while not done.wait(0.05):
            with contextlib.suppress(OSError):
                self.most = max(self.most, self.held())

    def ask(self, done: threading.Event) -> None:
        """Be a bed: ask for a prediction, five times a second."""
        session, body = requests.Session(), distinct_request(1)
        while not done.wait(0.2):
            begun = time.monotonic()
            answer = session.post(f"{self.service.url}/predict", json=body, headers=self.token, timeout=60)
            self.waits.append(time.monotonic() - begun)
            self.statuses[answer.status_code] += 1

    def p95(self) -> float:
        """Return what 95 of 100 calls waited at most."""
        return statistics.quantiles(self.waits, n=20)[-1]


def rows(size: int, encounters: int = 1000) -> bytes:
    """Make a batch of so many bytes, with names and times as real ones have."""
    count = size // 150
    columns = {
        "idAtencion": {row: row % encounters for row in range(count)},
        "nomSigno": dict.fromkeys(range(count), "MDC_ECG_HEART_RATE"),
        "valor": {row: 60 + row / count for row in range(count)},
        "fecRegistro": {row: f"2024-03-03 {row % 24:02}:{row % 60:02}:{row // 60 % 60:02}" for row in range(count)},
        "unidad": dict.fromkeys(range(count), "MDC_DIM_BEAT_PER_MIN"),
    }
    return orjson.dumps(columns, option=orjson.OPT_NON_STR_KEYS)


def of_one_row_each(count: int) -> bytes:
    """Make a batch of as many encounters as rows."""
    return rows(count * 150, encounters=count)


def wrong_cells(encounters: int) -> bytes:
    """Make the batch with the largest answer: of each encounter, twenty bad cells with long keys."""
    keys = [f"{row:0>60}" for row in range(encounters * 20)]
    columns: dict[str, object] = {name: dict.fromkeys(keys, True) for name in ("valor", "fecRegistro")}
    columns["idAtencion"] = {key: 10**18 + at // 20 for at, key in enumerate(keys)}
    return orjson.dumps(columns | {"nomSigno": dict.fromkeys(keys, "MDC_TEMP")})


ATTACKS: dict[str, Callable[[], Sent]] = {
    "many large batches": lambda: (rows(LARGE), JSON),
    "a CSV of one column": lambda: (b"idAtencion\n" + b"1\n" * (LARGE // 2), CSV),
    "a CSV of two columns": lambda: (b"idAtencion,sede\n" + b"1,x\n" * min(400_000, LARGE // 4), CSV),
    "an encounter a row": lambda: (of_one_row_each(100_000), JSON),
    "a column of many rows": lambda: (b'{"valor":[' + b"1," * (LARGE // 2) + b"1]}", JSON),
    "many columns": lambda: (b"{" + b",".join(b'"%d":1' % at for at in range(LARGE // 11)) + b"}", JSON),
    "many small objects": lambda: (b"[" + b"{}," * (LARGE // 3) + b"{}]", JSON),
    "many wrong cells": lambda: (wrong_cells(1000), JSON),
    "blank lines": lambda: (b"idAtencion,valor,nomSigno,fecRegistro\n" + b"\n" * LARGE, CSV),
}


def post(service: Service, token: dict[str, str], sent: Sent) -> int:
    """Post a body to `/predict/batch`, and return the status; 0 where the connection broke."""
    connection = HTTPConnection(*service.address, timeout=120)
    try:
        connection.request("POST", "/predict/batch", sent[0], token | {"Content-Type": sent[1]})
        answer = connection.getresponse()
        answer.read()
    except OSError:
        return 0
    finally:
        connection.close()
    return answer.status


@contextmanager
def watched(service: Service, token: dict[str, str]) -> Iterator[Seen]:
    """Watch a service's memory and its answers to others during the block."""
    seen = Seen(service, token)
    with meanwhile(seen.watch), meanwhile(seen.ask):
        yield seen


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with two workers that has answered a few calls."""
    with running(tmp_path_factory.mktemp("memory"), WORKERS="2") as service:
        yield service


@pytest.fixture(scope="module")
def token(service: Service) -> dict[str, str]:
    """Give a client's header."""
    return service.sign_in()


@pytest.fixture(scope="module")
def usual(service: Service, token: dict[str, str]) -> Seen:
    """Give what the service holds and others wait when nothing else happens."""
    for _ in range(4):
        post(service, token, (rows(1_000_000), JSON))
    with watched(service, token) as seen:
        time.sleep(5 if SHORT else 20)
    return seen


def attack(service: Service, token: dict[str, str], sent: Sent) -> Counter[int]:
    with ThreadPoolExecutor(MANY) as threads:
        return Counter(threads.map(lambda _: post(service, token, sent), range(MANY)))


@pytest.mark.parametrize("name", ATTACKS)
def test_whatever_many_send_at_once_others_are_answered_and_memory_is_bounded(
    service: Service, token: dict[str, str], usual: Seen, name: str
) -> None:
    sent = ATTACKS[name]()
    with watched(service, token) as seen:
        begun = time.monotonic()
        statuses = attack(service, token, sent)
        took = time.monotonic() - begun
    left = settled(seen, usual)
    what = f"{name}: {MANY} of {len(sent[0]) / 1e6:.1f} MB in {took:.1f} s: {dict(statuses)}"
    print(f"\n{what}; {figures(seen, usual, left)}")
    assert_bounded(seen, usual, left)
    assert not statuses.keys() & {0, 500}


def test_slow_readers_of_a_large_kept_answer_hold_no_copies(
    service: Service, token: dict[str, str], usual: Seen
) -> None:
    body = wrong_cells(1000)
    keyed = token | {"Idempotency-Key": "slow"}
    with watched(service, token) as seen:
        answer = requests.post(f"{service.url}/predict/batch", body, headers=keyed | {"Content-Type": JSON}, timeout=60)
        assert answer.status_code == 200
        readers = [slow_reader(service, keyed, body) for _ in range(READERS)]
        time.sleep(5)
        for each in readers:
            each.close()
    left = settled(seen, usual)
    print(f"\n{READERS} slow readers of {len(answer.content) / 1e6:.1f} MB: {figures(seen, usual, left)}")
    assert_bounded(seen, usual, left)


def slow_reader(service: Service, headers: dict[str, str], body: bytes) -> socket.socket:
    """Ask, and read nothing."""
    connection = socket.create_connection(service.address, timeout=60)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    lines += f"Host: fcv\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
    head = f"POST /predict/batch HTTP/1.1\r\n{lines}\r\n"
    with contextlib.suppress(OSError):  # all threads of a worker may wait for readers
        connection.settimeout(5)
        connection.sendall(head.encode() + body)
    return connection


def settled(seen: Seen, usual: Seen) -> float:
    """Return what is held when it is as little as at first, or a minute after."""
    deadline = time.monotonic() + MINUTE
    while (left := seen.held()) > usual.most + LEFT and time.monotonic() < deadline:
        time.sleep(0.5)
    return left


def figures(seen: Seen, usual: Seen, left: float) -> str:
    waits = f"p95 of others {usual.p95() * 1000:.0f} ms, then {seen.p95() * 1000:.0f} ms {dict(seen.statuses)}"
    return f"{usual.most:.0f} MB before, {seen.most:.0f} MB at most, {left:.0f} MB after; {waits}"


def assert_bounded(seen: Seen, usual: Seen, left: float) -> None:
    assert seen.most < MOST
    assert left < usual.most + LEFT
    assert seen.statuses.keys() == {200}
