"""The record under load: what a client was answered is recorded, though workers are killed meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from clients import SHORT, killing, under_load
from postgres import new_database
from recorded_answers import assert_recorded, assert_verified, distinct_bodies, records_of
from service import Service, running

from fcv_api.ledger.record import utc_text

CLIENTS, WORKERS = 8, "4"
SECONDS = 1.5 if SHORT else 30.0
BETWEEN_KILLS = 0.4 if SHORT else 3.0

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with four workers, on one database and on the other."""
    settings = {"WORKERS": WORKERS}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = new_database(request.getfixturevalue("postgres"))
    with running(tmp_path_factory.mktemp("record"), **settings) as service:
        yield service


def test_as_many_records_as_answers(service: Service) -> None:
    with under_load(service, distinct_bodies(), CLIENTS) as load:
        time.sleep(SECONDS)
    records = records_of(service)
    statuses = Counter(answer.status for answer in load.got)
    print(f"\n{SECONDS:g} s, {CLIENTS} clients: {dict(statuses)}, {len(load.lost)} lost, {len(records)} records")
    assert (load.lost, set(statuses)) == ([], {200, 422})
    assert len(records) == len(load.got)
    assert_recorded(load.got, records)
    for answer in load.got[:100]:
        if answer.status == 200:
            found = requests.get(service.url + answer.headers["Location"], headers=load.token, timeout=10).json()
            assert found["inferences"] == answer.body["inferences"]
    assert_verified(service)


def test_every_answer_that_a_client_got_is_recorded_though_workers_are_killed(service: Service) -> None:
    began = utc_text(datetime.now(UTC))
    with under_load(service, distinct_bodies(), CLIENTS) as load, killing(service, BETWEEN_KILLS) as killed:
        time.sleep(SECONDS)
    records = [record for record in records_of(service) if record["at"] >= began]
    statuses, lost = Counter(answer.status for answer in load.got), Counter(type(each).__name__ for each in load.lost)
    unheard = len(records) - len(load.got)
    print(
        f"\n{SECONDS:g} s, {CLIENTS} clients, {len(killed)} workers killed: {dict(statuses)}, lost {dict(lost)}, "
        f"{len(records)} records, {unheard} of them of answers that were lost with their worker"
    )
    assert set(statuses) == {200, 422}
    assert len(killed) >= SECONDS / BETWEEN_KILLS / 2
    assert "TimeoutError" not in lost, "a client hung"
    assert 0 <= unheard <= len(load.lost)
    assert_recorded(load.got, records)
    assert_verified(service)
