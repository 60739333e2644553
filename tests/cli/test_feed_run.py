"""`fcv feed run` as a process: whose child it is, and what it says of itself."""

from __future__ import annotations

import os
import signal

import pytest

from fcv_api.cli import feed_run
from fcv_api.cli.feed_run import end_with


def test_it_ends_at_once_where_its_parent_ended_while_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(feed_run, "prctl", lambda *arguments: asked.append(arguments))
    end_with(os.getppid())
    with pytest.raises(SystemExit):
        end_with(os.getppid() + 1)
    assert asked == [(1, signal.SIGKILL)] * 2
