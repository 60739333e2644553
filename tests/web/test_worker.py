"""gunicorn's worker: how often it tells the master that it lives, and how it closes."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from fcv_api.web.worker import LINGER, LONGEST_LINGER, SIGN_OF_LIFE, LeavingWorker


def test_a_worker_tells_of_its_life_once_a_second_however_many_events_come(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = LeavingWorker(1, 1, [], None, 30, Config(), Mock())
    clock, told = iter(range(300)), Mock()
    monkeypatch.setattr(time, "monotonic", lambda: 5 + next(clock) / 100)
    monkeypatch.setattr(worker.tmp, "notify", told)
    for _ in range(300):  # three seconds of a hundred events each
        worker.notify()
    worker.tmp.close()
    assert told.call_count == 3 / SIGN_OF_LIFE


class Lingering:
    """A connection of gunicorn's, closed while its client still sends."""

    def __init__(self) -> None:
        self.sock, self.client = socket.socketpair()


@pytest.fixture
def lingering() -> Iterator[tuple[LeavingWorker, Lingering]]:
    """Give a worker with one connection that was closed to its client."""
    worker, conn = LeavingWorker(1, 1, [], None, 30, Config(), Mock()), Lingering()
    worker.poller = selectors.DefaultSelector()
    worker._close(conn, graceful=True)  # noqa: SLF001 - gunicorn's own way to it needs a whole request
    yield worker, conn
    worker.poller.close()
    worker.tmp.close()
    conn.client.close()


def is_open(conn: Lingering) -> bool:
    return conn.sock.fileno() >= 0


def test_a_closed_connection_is_read_for_as_long_as_it_brings_something(
    lingering: tuple[LeavingWorker, Lingering], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, conn = lingering
    start, alive = time.monotonic(), []
    for second in range(int(LONGEST_LINGER) + 2):
        monkeypatch.setattr(time, "monotonic", lambda: start + second)  # noqa: B023 - called in this turn
        if is_open(conn):
            conn.client.send(b"x")
            worker.wait_for_and_dispatch_events(0)
        worker.murder_pending()
        alive.append(is_open(conn))
    assert alive == [True] * int(LONGEST_LINGER) + [False] * 2


def test_a_closed_connection_that_brings_nothing_ends_sooner(
    lingering: tuple[LeavingWorker, Lingering], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, conn = lingering
    later = time.monotonic() + LINGER + 0.1
    worker.murder_pending()
    assert is_open(conn)
    monkeypatch.setattr(time, "monotonic", lambda: later)
    worker.murder_pending()
    assert not is_open(conn)


def test_so_many_bytes_of_a_closed_connection_are_read_and_no_more(lingering: tuple[LeavingWorker, Lingering]) -> None:
    worker, conn = lingering
    conn.client.settimeout(0)
    sent = 0
    while is_open(conn):
        sent += conn.client.send(b"x" * 4096)
        worker.wait_for_and_dispatch_events(0)
    assert sent == worker.most_drained
