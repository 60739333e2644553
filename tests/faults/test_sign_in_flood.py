"""Sign-ins by the hundred: right ones get in, wrong ones cost nobody else anything. Each prints its figure."""

from __future__ import annotations

import itertools
import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import pytest
import requests
from clients import JSON, SHORT
from conftest import FIXTURES
from meanwhile import meanwhile
from proxied import needs_nginx, proxied
from service import PASSWORD, Service, running

RATE, SECONDS = 200, 4 if SHORT else 60
BEDS, WITHIN = 40, 30 if SHORT else 15
TRIES, NEAR = (12, 0.25) if SHORT else (200, 0.05)
EXPORT = (FIXTURES / "encounter_5501.json").read_bytes()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class Door:
    """Where clients knock: the service itself, or nginx before it. ca: what they must trust of nginx."""

    address: tuple[str, int]
    ca: Path | None = None

    def connection(self, source: str = "127.0.0.1") -> HTTPConnection:
        """Give a connection from an address of this machine's own."""
        if self.ca is None:
            return HTTPConnection(*self.address, timeout=60, source_address=(source, 0))
        context = ssl.create_default_context(cafile=str(self.ca))
        return HTTPSConnection(*self.address, timeout=60, source_address=(source, 0), context=context)


@pytest.fixture
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    """Give a service as it is deployed on two processors, with bcrypt at its full cost."""
    with running(tmp_path, WORKERS="2", PROXIES=getattr(request, "param", "0")) as service:
        yield service


def sign_in(connection: HTTPConnection, username: str, password: str) -> tuple[int, bytes, float]:
    """Try once. Gives the status, the body and the seconds."""
    began = time.perf_counter()
    connection.request("POST", "/auth/token", urlencode({"username": username, "password": password}), FORM)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, body, time.perf_counter() - began


def predict(connection: HTTPConnection, token: dict[str, str]) -> tuple[int, float]:
    """Ask once, for a real export. Gives the status and the seconds."""
    began = time.perf_counter()
    connection.request("POST", "/predict", EXPORT, token | JSON)
    answer = connection.getresponse()
    answer.read()
    return answer.status, time.perf_counter() - began


def p95_of_predictions(door: Door, token: dict[str, str], seconds: float) -> float:
    taken, until = [], time.monotonic() + seconds
    connection = door.connection()
    while time.monotonic() < until:
        status, took = predict(connection, token)
        assert status == 200
        taken.append(took)
        time.sleep(0.02)
    connection.close()
    return sorted(taken)[int(0.95 * (len(taken) - 1))]


def flood(door: Door, seconds: float, told: Connection) -> None:
    """Try wrong passwords of many names at a steady rate, from another machine as it were: it takes no turn of ours.

    Each on a connection of its own; through nginx each client keeps its own, for a handshake costs it more than a try.
    """
    os.nice(10)
    statuses, number, lock, began = Counter[int](), itertools.count(), threading.Lock(), time.monotonic()

    def tries(_client: int) -> None:
        connection = door.connection()
        while (at := (own := next(number)) / RATE) < seconds:
            time.sleep(max(0.0, began + at - time.monotonic()))
            status, _, _ = sign_in(connection, f"name {own % 50}", f"wrong {own}")
            if door.ca is None:
                connection.close()
            with lock:
                statuses[status] += 1
        connection.close()

    with ThreadPoolExecutor(150) as threads:
        list(threads.map(tries, range(150)))
    told.send(statuses)


def under_flood(door: Door, token: dict[str, str]) -> tuple[float, float, Counter[int]]:
    """Give the p95 of predictions before and in a flood of wrong passwords, and what the flood was told."""
    usual = p95_of_predictions(door, token, min(SECONDS, 20))
    told, tell = get_context("fork").Pipe(duplex=False)
    flooding = get_context("fork").Process(target=flood, args=(door, SECONDS + 2, tell))
    flooding.start()
    time.sleep(1)
    flooded = p95_of_predictions(door, token, SECONDS)
    statuses: Counter[int] = told.recv()
    flooding.join()
    rate = statuses.total() / (SECONDS + 2)
    print(
        f"\n{rate:.0f} wrong passwords a second for {SECONDS} s: {dict(statuses)}; p95 of /predict "
        f"{usual * 1000:.1f} ms before, {flooded * 1000:.1f} ms meanwhile: {flooded / usual:.2f} times"
    )
    assert rate > RATE * 0.8
    return usual, flooded, statuses


@needs_nginx
@pytest.mark.parametrize("service", ["1"], indirect=True, ids=["behind nginx"])
def test_a_flood_of_wrong_passwords_leaves_predictions_as_fast(service: Service, tmp_path: Path) -> None:
    token = service.sign_in()
    with proxied(tmp_path / "nginx", service) as proxy:
        usual, flooded, statuses = under_flood(Door(("127.0.0.1", proxy.port), proxy.ca), token)
    assert set(statuses) <= {401, 429}
    assert statuses[429] > statuses.total() * 0.8
    if not SHORT:  # a few seconds are no distribution
        assert flooded < 2 * usual


def test_a_flood_that_goes_around_nginx_leaves_predictions_usable(service: Service) -> None:
    usual, flooded, statuses = under_flood(Door(service.address), service.sign_in())
    assert set(statuses) <= {401, 429, 503}
    if not SHORT:  # the first hundred wrong passwords cost bcrypt, on the processors that predict
        assert flooded < 3 * usual


def test_forty_clients_sign_in_and_predict_at_one_instant_while_one_has_an_old_password(service: Service) -> None:
    service.sign_in("ward")
    door, wrong, gate = Door(service.address), Counter[int](), threading.Barrier(BEDS)

    def old_password(done: threading.Event) -> None:
        while not done.is_set():
            with closing(door.connection()) as connection:
                wrong[sign_in(connection, "ward", "the password of last year")[0]] += 1

    def bed(_number: int) -> tuple[int, float]:
        gate.wait()
        began = time.perf_counter()
        answer = requests.post(f"{service.url}/auth/token", data={"username": "ward", "password": PASSWORD}, timeout=60)
        token = {"Authorization": f"Bearer {answer.json().get('access_token')}"}
        with closing(door.connection()) as connection:
            status, _ = predict(connection, token)
        return status, time.perf_counter() - began

    with meanwhile(old_password), ThreadPoolExecutor(BEDS) as threads:
        found = list(threads.map(bed, range(BEDS)))
    slowest = max(seconds for _, seconds in found)
    print(f"\n{BEDS} clients at one instant: {dict(Counter(status for status, _ in found))}, slowest {slowest:.1f} s")
    assert [status for status, _ in found] == [200] * BEDS
    assert set(wrong) == {401}
    assert slowest < WITHIN


def test_over_http_too_an_unknown_name_takes_as_long_as_a_wrong_password(service: Service) -> None:
    """Each name is fresh, and each comes from an address that tried little: no wait answers before bcrypt does."""
    service.sign_in("ana")
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(TRIES):
        for kind, name in (("known", "ana"), ("unknown", f"nobody {number}")):
            address = f"127.0.{1 + number // 8}.{1 if kind == 'known' else 2}"
            with closing(Door(service.address).connection(address)) as connection:
                status, body, seconds = sign_in(connection, name, f"wrong {number}")
            assert status == 401, body
            taken[kind].append(seconds)
    known, unknown = (median(each) for each in taken.values())
    print(f"\n{TRIES} tries over HTTP: known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms")
    assert abs(known - unknown) < NEAR * known
