"""A disk that is full: nothing is answered that is not recorded, and nothing must be restarted when there is room."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import requests
from clients import SHORT, Answer, Load, under_load
from meanwhile import meanwhile
from recorded_answers import assert_recorded, assert_verified, distinct_bodies, records_of
from service import Service, running
from small_disk import Disk, small_disk

from fcv_api.wire.example import example_batch

CLIENTS = 4
ROWS = 2_000
SECONDS = 1.0 if SHORT else 15.0

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts a disk in memory, or limits another process"),
]


@pytest.fixture(scope="module", params=["database", "database and log"])
def on_a_disk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Disk, Service]]:
    """Give a disk to fill, which each test leaves with room, and a service on it.

    Its database is there; or all that it writes: `app.log` and standard output too.
    """
    with small_disk(tmp_path_factory.mktemp("full") / "disk") as disk:
        folder = tmp_path_factory.mktemp("service") if request.param == "database" else disk.folder
        with running(folder, DATABASE_URL=f"sqlite:///{disk.folder / 'fcv.db'}", WORKERS="4", FEED="on") as service:
            yield disk, service


@pytest.fixture
def disk(on_a_disk: tuple[Disk, Service]) -> Disk:
    """Give the disk."""
    return on_a_disk[0]


@pytest.fixture
def service(on_a_disk: tuple[Disk, Service]) -> Service:
    """Give the service."""
    return on_a_disk[1]


def ready(service: Service) -> Answer:
    begun = time.time()
    answer = requests.get(f"{service.url}/health/ready", timeout=10)
    return Answer(begun, time.time(), answer.status_code, dict(answer.headers), answer.json())


@contextmanager
def asking(service: Service) -> Iterator[list[Answer]]:
    """Ask for readiness during the block, ten times a second."""
    got: list[Answer] = []

    def ask(done: threading.Event) -> None:
        while not done.wait(0.1):
            got.append(ready(service))

    with meanwhile(ask):
        yield got


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def predicted(load: Load, since: float = 0.0) -> list[Answer]:
    """Give what was answered with a prediction. One that was asked for before there was room may be answered after."""
    return [answer for answer in load.got if answer.status == 200 and answer.ended >= since]


def test_a_full_disk_refuses_all_that_it_cannot_record_until_there_is_room(service: Service, disk: Disk) -> None:
    with under_load(service, distinct_bodies(), CLIENTS) as load, asking(service) as polls:
        wait_for(lambda: len(predicted(load)) > 50, 20)
        disk.fill(service)
        wait_for(lambda: load.got[-1].status == 503, 20)
        time.sleep(SECONDS)
        batch = requests.post(f"{service.url}/predict/batch", json=example_batch(), headers=load.token, timeout=10)
        read = requests.get(service.url + predicted(load)[0].headers["Location"], headers=load.token, timeout=10)
        freed = time.time()
        disk.empty(service)
        wait_for(lambda: bool(predicted(load, freed)), 5)
        wait_for(lambda: polls[-1].status == 200, 5)
        time.sleep(0.5)
    full = max(each.ended for each in predicted(load) if each.ended < freed)
    told = Counter(poll.status for poll in polls if full < poll.begun and poll.ended < freed)
    back = min(each.ended for each in predicted(load, freed)) - freed
    _print(disk, load, told, back)
    assert (batch.status_code, read.status_code) == (503, 200)
    assert set(told) == {503}, "readiness said that there is room where nothing could be recorded"
    assert back < 2
    _assert_refused_in_words([each for each in load.got if each.status == 503], polls)
    _assert_all_recorded(service, load)


def test_observations_on_a_full_disk_are_refused_whole_and_taken_when_there_is_room(
    service: Service, disk: Disk
) -> None:
    token, stored, encounter = service.sign_in(), 0, 0

    def post(number: int) -> requests.Response:
        rows = {name: dict(cells) for name, cells in recent_rows(number).items()}
        return requests.post(f"{service.url}/observations", json=rows, headers=token, timeout=10)

    disk.fill(service)
    deadline = time.monotonic() + 60
    while (answer := post(encounter + 1)).status_code == 200:
        assert time.monotonic() < deadline
        encounter, stored = encounter + 1, stored + answer.json()["results"][0]["new"]
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["type"] == "/problems/database-unavailable"
    disk.empty(service)
    wait_for(lambda: ready(service).status == 200, 10)
    assert post(encounter + 1).json()["results"][0]["new"] == ROWS  # nothing of it was there
    with closing(sqlite3.connect(disk.folder / "fcv.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM observations").fetchone()
    print(f"\n{type(disk).__name__} disk: {encounter} posts of {ROWS} rows until it was full; {count} rows are kept")
    assert count == stored + ROWS


def recent_rows(encounter: int) -> dict[str, dict[str, object]]:
    """Give rows of one encounter, a second apart."""
    now = datetime.now(UTC)
    return {
        "idAtencion": {str(row): encounter for row in range(ROWS)},
        "nomSigno": {str(row): "MDC_ECG_HEART_RATE" for row in range(ROWS)},
        "valor": {str(row): 80 for row in range(ROWS)},
        "fecRegistro": {str(row): (now - timedelta(seconds=row)).isoformat() for row in range(ROWS)},
    }


def _print(disk: Disk, load: Load, told: Counter[int], back: float) -> None:
    statuses = dict(Counter(each.status for each in load.got))
    print(
        f"\n{type(disk).__name__} disk: {statuses}, {len(load.lost)} lost; readiness while nothing could be recorded: "
        f"{dict(told)}; first prediction {back:.2f} s after there was room"
    )


def _assert_refused_in_words(refused: list[Answer], polls: list[Answer]) -> None:
    assert refused
    assert {each.headers["Retry-After"] for each in refused} == {"5"}
    assert {each.body["type"] for each in refused} == {"/problems/database-unavailable"}
    details = {each.body["checks"]["database"]["detail"] for each in polls if each.status == 503}
    assert all("has room on its disk" in detail for detail in details)


def _assert_all_recorded(service: Service, load: Load) -> None:
    """Compare the record with the answers, after the last of them; the log goes on too."""
    assert ready(service).body["status"] == "ok"
    assert load.lost == []
    assert {each.status for each in load.got} <= {200, 422, 503}
    records = records_of(service)
    assert len(records) == sum(each.status != 503 for each in load.got)
    assert_recorded(load.got, records)
    assert_verified(service)
    assert load.got[-1].headers["X-Request-ID"] in service.log()
