"""`fcv feed run` as a process: whose child it is, and what it says of itself."""

from __future__ import annotations

import os
import signal
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fcv_api.cli import feed_run
from fcv_api.cli.feed_run import end_with
from fcv_api.domain.errors import NoModel


def test_it_ends_at_once_where_its_parent_ended_while_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(feed_run, "prctl", lambda *arguments: asked.append(arguments))
    end_with(os.getppid())
    with pytest.raises(SystemExit):
        end_with(os.getppid() + 1)
    assert asked == [(1, signal.SIGKILL)] * 2


def no_slot() -> int:
    raise NoModel("Not yet.")


def test_it_gives_signs_of_life_while_its_first_look_deletes_a_days_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_run, "SECONDS_BETWEEN_LOOKS", 0.01)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    deleted, beats, forgotten = threading.Event(), [], []

    def beat() -> None:
        beats.append(True)
        if len(beats) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    models = SimpleNamespace(watch=lambda: deleted.wait(30), forget=lambda: forgotten.append(True))
    scoring = cast(Any, SimpleNamespace(models=models, slot=no_slot))
    try:
        feed_run.keep_scoring(scoring, cast(Any, SimpleNamespace(beat=beat)), None)
    finally:
        deleted.set()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert (len(beats) >= 3, forgotten) == (True, [True])
