"""Load: no request is lost, and no answer belongs to another encounter.

`make faults` runs these, and each prints its figure; FAULTS_SHORT=1 makes them short.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from clients import JSON, SHORT, distinct_request, of_its_own
from conftest import FIXTURES
from service import Service, running

from fcv_api import scoring
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterSchema

WORKERS = 4
PREDICTIONS = 100 if SHORT else 1000
DISTINCT = 50 if SHORT else 500
WAVES = 2 if SHORT else 10
Body = tuple[int, bytes, dict[str, Any]]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with four workers."""
    with running(tmp_path_factory.mktemp("load"), WORKERS=str(WORKERS)) as service:
        yield service


@pytest.fixture(scope="module")
def bodies() -> list[Body]:
    """Give distinct minimal encounters with the answer that each must get: (id, body, answer)."""
    model, schema = Registry(ROOT / "models").load(None), EncounterSchema()
    made = []
    for number in range(DISTINCT):
        request = distinct_request(number)
        outcome = scoring.assess(schema.load(request).read(UTC), model)
        made.append((number, json.dumps(request).encode(), PredictionSchema().dump(outcome.or_raise())))
    answers = {json.dumps(answer["inferences"]) for _, _, answer in made}
    assert len(answers) == DISTINCT, "every encounter must have an answer of its own"
    return made


def post(connection: HTTPConnection, body: bytes, token: dict[str, str]) -> tuple[int, dict[str, Any]]:
    connection.request("POST", "/predict", body, token | JSON)
    response = connection.getresponse()
    return response.status, of_its_own(json.loads(response.read()))


def test_every_worker_answers_after_the_fork_and_every_answer_is_its_encounters(
    service: Service, bodies: list[Body]
) -> None:
    """Stop all workers but one, so that what is asked is answered by that one, and go round."""
    token, workers = service.sign_in(), service.workers()
    assert len(workers) == WORKERS
    for chosen in workers:
        others = [pid for pid in workers if pid != chosen]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            wrong = _ask(service, bodies, token, PREDICTIONS)
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)
        assert wrong == 0
    print(f"\n{WORKERS} workers x {PREDICTIONS} predictions: 0 wrong, 0 lost")
    assert service.workers() == workers, "a worker hung and was replaced"


def _ask(service: Service, bodies: list[Body], token: dict[str, str], count: int) -> int:
    connection = HTTPConnection(*service.address, timeout=30)
    asked = (bodies[number % len(bodies)] for number in range(count))
    wrong = sum(post(connection, body, token) != (200, answer) for _, body, answer in asked)
    connection.close()
    return wrong


def test_answers_stay_with_their_encounters_under_many_clients(service: Service, bodies: list[Body]) -> None:
    token = service.sign_in()
    clients, each = 32, PREDICTIONS // 4
    with ThreadPoolExecutor(clients) as threads:
        wrong = list(threads.map(lambda _: _ask(service, bodies, token, each), range(clients)))
    print(f"\n{clients} clients x {each} predictions: {sum(wrong)} wrong or lost")
    assert sum(wrong) == 0


@pytest.mark.parametrize("wave", range(WAVES))
def test_forty_real_requests_at_one_instant_all_succeed(service: Service, wave: int) -> None:
    body = (FIXTURES / "encounter_5501.json").read_bytes()
    statuses, seconds = _at_one_instant(service, body, 40)
    print(f"\nwave {wave}: 40 real requests in {seconds:.2f} s: {dict(statuses)}")
    assert statuses == {200: 40}


def test_a_thousand_requests_at_one_instant_lose_none(service: Service) -> None:
    body = (FIXTURES / "encounter_5501.json").read_bytes()
    statuses, seconds = _at_one_instant(service, body, 1000)
    print(f"\n1,000 real requests in {seconds:.2f} s: {dict(statuses)}")
    assert statuses == {200: 1000}


def _at_one_instant(service: Service, body: bytes, count: int) -> tuple[Counter[int], float]:
    """Post from as many threads as requests, all let go together."""
    token, gate = service.sign_in(), threading.Barrier(count + 1)
    statuses: list[int] = []

    def ask() -> None:
        gate.wait()
        connection = HTTPConnection(*service.address, timeout=120)
        try:
            statuses.append(post(connection, body, token)[0])
        except OSError:
            statuses.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return Counter(statuses), time.perf_counter() - began


def test_every_request_has_one_line_in_the_log(service: Service) -> None:
    lines = [line for line in service.log().splitlines() if "'/predict'" in line]
    ids = [line.split("'request_id': '")[1][:32] for line in lines]
    print(f"\n{len(ids)} lines for /predict, {len(set(ids))} distinct request ids")
    assert len(ids) == len(set(ids))
    assert len(ids) >= WORKERS * PREDICTIONS + WAVES * 40 + 1000
    assert Path(service.folder / "app.log").stat().st_mode & 0o777 == 0o640
