"""gunicorn's worker: how often it tells the master that it lives."""

from __future__ import annotations

import time
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from fcv_api.serving.worker import SIGN_OF_LIFE, LeavingWorker


def test_a_worker_tells_of_its_life_once_a_second_however_many_events_come(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = LeavingWorker(1, 1, [], None, 30, Config(), Mock())
    clock, told = iter(range(300)), Mock()
    monkeypatch.setattr(time, "monotonic", lambda: 5 + next(clock) / 100)
    monkeypatch.setattr(worker.tmp, "notify", told)
    for _ in range(300):  # three seconds of a hundred events each
        worker.notify()
    worker.tmp.close()
    assert told.call_count == 3 / SIGN_OF_LIFE
