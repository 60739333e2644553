"""What a worker holds after thousands of predictions: no more than after hundreds."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path

import pytest
from clients import JSON, SHORT
from conftest import FIXTURES
from processes import Held, held_by
from service import Service, running

PREDICTIONS, WARM = (1_000, 400) if SHORT else (5_000, 500)

pytestmark = pytest.mark.filterwarnings("ignore")


def predict(service: Service, token: dict[str, str], count: int) -> None:
    """Ask as scripts do: real requests, one after the other, each over a connection of its own or kept for ten."""
    body = (FIXTURES / "encounter_5501.json").read_bytes()
    for number in range(count):
        if number % 10 == 0:
            connection = HTTPConnection(*service.address, timeout=30)
        connection.request("POST", "/predict", body, token | JSON)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        if number % 10 == 9:
            connection.close()


def test_five_thousand_predictions_leave_no_more_behind_than_five_hundred(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="1") as service:
        token = service.sign_in()
        (worker,) = service.workers()
        predict(service, token, WARM)
        before = held_by(worker)
        predict(service, token, PREDICTIONS - WARM)
        after = held_by(worker)
        assert service.workers() == [worker]
    print(f"\nafter {WARM} predictions {before}, after {PREDICTIONS} {after}")
    assert_flat(before, after)


def assert_flat(before: Held, after: Held) -> None:
    assert after.megabytes < before.megabytes * 1.05
    assert abs(after.files - before.files) <= 2  # a connection that is just ending
    assert after.threads <= before.threads + 2  # the server adds one when a connection is just ending
