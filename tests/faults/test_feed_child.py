"""The feed as a child of gunicorn's master: it scores by itself, comes back, and outlives nobody."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from service import Service, running, start, wait_until_live
from until_now import rows_until_now

SECONDS_TO_START = 30
"""As `service.SECONDS_TO_START`, for a machine that does much else."""
SECONDS_TO_SCORE = 30
"""It looks at a slot that is scored already every ten seconds, for rows that came late."""
SECONDS_TO_END_A_FROZEN_ONE = 10
"""A frozen writer on SQLite shuts all others out for so long at most."""


def until(found: Callable[[], Any], seconds: float) -> Any:
    """Wait until something is found, and return it."""
    deadline = time.monotonic() + seconds
    while not (it := found()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.3)  # readiness runs the model
    return it


def feed_of(service: Service) -> int | None:
    """Return the feed's process, where there is one."""
    for pid in service.workers():
        with suppress(OSError):
            if b"--parent" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return pid
    return None


def reported(service: Service) -> int | None:
    """Return the feed's process, once it is at work."""
    detail = requests.get(f"{service.url}/health/ready", timeout=10).json()["checks"]["workers"]["detail"]
    pid = feed_of(service)
    return pid if pid and f"/feed:{pid} " in detail else None


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service whose feed is at work."""
    with running(tmp_path_factory.mktemp("feed"), FEED="child", WORKERS="1") as service:
        until(lambda: reported(service), SECONDS_TO_START)
        yield service


def test_rows_that_are_posted_become_a_score_and_nobody_starts_anything(service: Service) -> None:
    token = service.sign_in()
    posted = requests.post(f"{service.url}/observations", json=rows_until_now(), headers=token, timeout=10).json()
    assert posted["results"][0]["new"] == 180
    assert until(lambda: "5501  scored " in service.fcv("stays", "list").stdout, SECONDS_TO_SCORE)


def test_one_that_is_killed_is_started_again(service: Service) -> None:
    pid = until(lambda: reported(service), SECONDS_TO_START)
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: is_gone(pid), 5)
    assert until(lambda: reported(service), SECONDS_TO_START) != pid


def test_a_frozen_one_is_ended_within_ten_seconds_and_started_again(service: Service) -> None:
    pid = until(lambda: reported(service), SECONDS_TO_START)
    os.kill(pid, signal.SIGSTOP)
    assert until(lambda: is_gone(pid), SECONDS_TO_END_A_FROZEN_ONE)
    assert until(lambda: reported(service), SECONDS_TO_START) != pid


@pytest.mark.parametrize(
    ("number", "frozen"),
    [(signal.SIGTERM, False), (signal.SIGKILL, True)],
    ids=["stopped", "killed beside a frozen one"],
)
def test_none_outlives_its_master(tmp_path: Path, number: signal.Signals, *, frozen: bool) -> None:
    service = start(tmp_path, FEED="child", WORKERS="1")
    wait_until_live(service)
    pid = until(lambda: reported(service), SECONDS_TO_START)
    if frozen:
        os.kill(pid, signal.SIGSTOP)
    service.master.send_signal(number)
    service.master.wait(timeout=40)
    assert until(lambda: is_gone(pid), 2)
