"""A worker and its processor, in a real gunicorn."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from service import Service, running

from fcv_api.wire.example import example_request

ALL = os.sched_getaffinity(0)
pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="needs two processors")


def of_threads(pid: int) -> list[set[int]]:
    """Give what each thread of a process may run on."""
    return [os.sched_getaffinity(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()]


def seen(state: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not state() and time.monotonic() < deadline:
        time.sleep(0.05)
    return state()


def each_has_its_own(service: Service) -> bool:
    """Whether two workers live, each with all its threads on one processor, and not on the same."""
    try:
        workers = [of_threads(pid) for pid in service.workers()]
    except OSError:  # one is just ending
        return False
    apart = {processor for threads in workers for processors in threads for processor in processors}
    return len(workers) == len(apart) == 2 and all(len(each) == 1 for threads in workers for each in threads)


def predict(service: Service) -> int:
    token = service.sign_in()
    return requests.post(f"{service.url}/predict", json=example_request(), headers=token, timeout=10).status_code


def test_each_worker_keeps_to_its_own_processor_and_who_comes_after_it_too_and_passwords_to_none(
    tmp_path: Path,
) -> None:
    with running(tmp_path, WORKERS="2") as service:
        assert seen(lambda: each_has_its_own(service))
        assert os.sched_getaffinity(service.master.pid) == ALL
        for killed in (0, 1):
            os.kill(service.workers()[killed], signal.SIGKILL)
            assert seen(lambda: each_has_its_own(service))
        assert predict(service) == 200
        free = [[each for each in of_threads(pid) if each == ALL] for pid in service.workers()]
        assert max(map(len, free)) == 1  # the thread that hashed, of whoever signed somebody in


def test_where_it_is_switched_off_workers_keep_to_none(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2", CPU_AFFINITY="off") as service:
        assert all(each == ALL for pid in service.workers() for each in of_threads(pid))
