"""Thousands of clients that connect and say nothing, straight to the service: the others are answered."""

from __future__ import annotations

import itertools
import json
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest
import requests
from clients import SHORT, Answer, distinct_request, under_load
from idle_clients import idle_clients, running_with, still_open
from service import start

LIMIT = 1024
SILENT = 1_500 if SHORT else 5_000
SECONDS, CLIENTS = (2.0 if SHORT else 20.0), 8

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        not hasattr(resource, "prlimit") or resource.getrlimit(resource.RLIMIT_NOFILE)[1] < SILENT + 500,
        reason="needs Linux' prlimit, and descriptors for all the clients",
    ),
]


def bodies() -> Iterator[bytes]:
    return itertools.cycle([json.dumps(distinct_request(number)).encode() for number in range(200)])


def p95(answers: list[Answer]) -> float:
    """Return the time in ms that 95 of 100 answers took at most."""
    return 1000 * quantiles([answer.ended - answer.begun for answer in answers], n=20)[-1]


def test_silent_clients_take_nothing_from_the_others(tmp_path: Path) -> None:
    with running_with(LIMIT, start(tmp_path)) as service:
        workers = service.workers()
        with under_load(service, bodies(), CLIENTS) as before:
            time.sleep(SECONDS / 2)
        with under_load(service, bodies(), CLIENTS) as load, idle_clients(service, SILENT) as silent:
            began, fresh = time.monotonic(), []
            while time.monotonic() - began < SECONDS:  # each on a connection of its own
                fresh.append(requests.get(f"{service.url}/health/live", timeout=10))
                time.sleep(0.01)
            held = still_open(silent)
        statuses = Counter(answer.status for answer in load.got), Counter(answer.status_code for answer in fresh)
        slowest = max(answer.elapsed.total_seconds() for answer in fresh)
        print(
            f"\n{SILENT} silent clients, {LIMIT} descriptors a process: {held} still open after {SECONDS:g} s; "
            f"predictions {dict(statuses[0])}, {len(load.lost)} lost, p95 {p95(load.got):.1f} ms (before "
            f"{p95(before.got):.1f}); on fresh connections {dict(statuses[1])}, the slowest {slowest:.2f} s"
        )
        assert (load.lost, set(statuses[0]), set(statuses[1])) == ([], {200}, {200})
        assert service.workers() == workers
        assert slowest < 5
