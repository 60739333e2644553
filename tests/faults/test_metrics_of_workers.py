"""Metrics while workers die and masters change: no count falls, no file is left, and each scrape is whole."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from clients import SHORT
from prometheus_client.parser import text_string_to_metric_families
from service import Service, free_port, start, wait_until_live

from fcv_api.metrics import slots

RESTARTS = 6 if SHORT else 50
SECONDS = 120

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def port() -> int:
    """Give a port for metrics."""
    return free_port()


def scraped(port: int) -> dict[str, float]:
    """Return the sums of all metrics by their names. Raises ConnectionError."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    return totals


def reached(port: int) -> dict[str, float] | None:
    try:
        return scraped(port)
    except requests.ConnectionError:
        return None


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def folder_of(service: Service) -> Path:
    own = service.environment
    return slots.folder_of(Path(own["FCV_LOG_DIR"]), own["FCV_BIND"])


def asked(service: Service, times: int) -> None:
    """Let the service answer so often. Who was connected to a worker that died asks again."""
    answered = 0
    deadline = time.monotonic() + SECONDS
    while answered < times:
        assert time.monotonic() < deadline
        try:
            answered += requests.get(f"{service.url}/home", timeout=60).ok
        except requests.ConnectionError:
            time.sleep(0.02)


def files(folder: Path) -> list[tuple[str, int]]:
    return sorted((each.name, each.stat().st_size) for each in folder.iterdir())


def has_counted(port: int, least: int) -> bool:
    return scraped(port)["fcv_requests_total"] >= least


def has_successor(folder: Path, slot: int, dying: int) -> bool:
    return slots.holders(folder).get(slot, dying) != dying


def test_workers_that_are_killed_leave_their_counts_and_no_more_files(tmp_path: Path, port: int) -> None:
    service = start(tmp_path, METRICS_BIND=f"127.0.0.1:{port}")
    try:
        wait_until_live(service)
        folder = folder_of(service)
        until(lambda: len(slots.holders(folder)) == 2 and reached(port))
        before, seen = files(folder), []
        for number in range(RESTARTS):
            asked(service, 3)
            until(partial(has_counted, port, 3 * (number + 1)))
            seen.append(scraped(port))
            dying = slots.holders(folder)[number % 2]
            os.kill(dying, signal.SIGKILL)
            seen.append(scraped(port))
            until(partial(has_successor, folder, number % 2, dying))
            assert files(folder) == before
        assert seen[-1]["fcv_requests_total"] >= 3 * RESTARTS
        for name in ("fcv_requests_total", "fcv_request_seconds_count", "fcv_worker_starts_total"):
            assert all(one[name] <= other[name] for one, other in pairwise(seen))
        until(lambda: scraped(port)["fcv_worker_starts_total"] == 2 + RESTARTS)
    finally:
        service.stop()
    assert not folder.exists()


def test_an_upgrade_by_usr2_goes_on_counting_and_takes_the_port_over(tmp_path: Path, port: int) -> None:
    service = start(tmp_path, METRICS_BIND=f"127.0.0.1:{port}")
    wait_until_live(service)
    folder = folder_of(service)
    until(lambda: len(slots.holders(folder)) == 2 and reached(port))
    asked(service, 10)
    old, before = set(slots.holders(folder).values()), scraped(port)
    service.master.send_signal(signal.SIGUSR2)
    until(lambda: len(slots.holders(folder)) == 4)
    assert old < set(slots.holders(folder).values())
    both = scraped(port)
    pid = next(each for each in slots.holders(folder).values() if each not in old)
    new = int(Path(f"/proc/{pid}/stat").read_text().split()[3])
    try:
        until(lambda: "not read at" in service.log())
        service.master.terminate()
        service.master.wait(timeout=SECONDS)
        until(lambda: reached(port))
        after = scraped(port)
    finally:
        os.kill(new, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{new}").exists())
    assert before["fcv_requests_total"] <= both["fcv_requests_total"] <= after["fcv_requests_total"]
    assert after["fcv_worker_starts_total"] == 4
    assert after["fcv_worker_live"] == 2
    assert not folder.exists()
