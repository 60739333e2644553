"""gunicorn's worker: how often it tells the master that it lives, what it takes, and how it closes."""

from __future__ import annotations

import gc
import os
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from fcv_api.serving.worker import LINGER, LONGEST_LINGER, SIGN_OF_LIFE, LeavingWorker


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


@pytest.fixture
def listening() -> Iterator[tuple[LeavingWorker, socket.socket]]:
    """Give a worker that hands out no work, and a port of its own."""
    worker = LeavingWorker(1, 1, [], None, 30, Config(), Mock())
    worker.poller, worker.enqueue_req = selectors.DefaultSelector(), Mock()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield worker, listener
    for conn in worker.pending_conns:
        conn.close()
    worker.poller.close()
    worker.tmp.close()


def connect(listener: socket.socket, first: bytes = b"") -> socket.socket:
    client = socket.create_connection(listener.getsockname(), timeout=5)
    client.sendall(first)
    return client


def was_closed(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_only_a_connection_that_brings_something_is_given_to_a_thread(
    listening: tuple[LeavingWorker, socket.socket],
) -> None:
    worker, listener = listening
    with connect(listener) as silent, connect(listener, b"GET") as speaking:
        worker.accept(listener)
        worker.accept(listener)
        (called,) = worker.enqueue_req.call_args_list
        assert called.args[0].client == speaking.getsockname()
        silent.sendall(b"GET")
        worker.wait_for_and_dispatch_events(1)
        assert worker.enqueue_req.call_args.args[0].client == silent.getsockname()
    assert (worker.nr_conns, len(worker.pending_conns)) == (2, 0)
    for call in worker.enqueue_req.call_args_list:
        call.args[0].close()


def test_one_connection_too_many_ends_the_one_that_was_silent_for_longest(
    listening: tuple[LeavingWorker, socket.socket],
) -> None:
    worker, listener = listening
    worker.worker_connections = 4
    clients = []
    for _ in range(6):
        clients.append(connect(listener))
        worker.accept(listener)
    assert [was_closed(client) for client in clients] == [True] * 3 + [False] * 3
    assert worker.nr_conns == 3
    for client in clients:
        client.close()


def test_one_that_has_sent_what_was_not_read_yet_is_not_ended(listening: tuple[LeavingWorker, socket.socket]) -> None:
    worker, listener = listening
    worker.worker_connections = 3
    clients = []
    for _ in range(3):
        clients.append(connect(listener))
        worker.accept(listener)
        clients[0].sendall(b"G")
    assert [was_closed(client) for client in clients] == [False, True, False]
    for client in clients:
        client.close()


@pytest.fixture
def no_descriptor_left() -> Iterator[Callable[[], None]]:
    """Give a function that lowers this process's limit to what it has open.

    Nothing is collected until the limit is back: an abandoned socket of another test would free a
    descriptor in between.
    """
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    gc.collect()  # before the test connects: what is freed later would lie below its own
    gc.disable()

    def lower() -> None:
        probe = os.dup(0)
        os.close(probe)
        resource.setrlimit(resource.RLIMIT_NOFILE, (probe, limits[1]))

    yield lower
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    gc.enable()


def test_a_worker_without_a_descriptor_goes_on_and_makes_room(
    listening: tuple[LeavingWorker, socket.socket], no_descriptor_left: Callable[[], None]
) -> None:
    worker, listener = listening
    with connect(listener) as silent, connect(listener) as waiting:
        worker.accept(listener)
        no_descriptor_left()
        worker.accept(listener)  # finds no room, and makes some
        assert was_closed(silent)
        worker.accept(listener)
        assert [conn.client for conn in worker.pending_conns] == [waiting.getsockname()]
    assert worker.log.warning.call_count == 1


def test_a_worker_without_a_descriptor_and_without_an_idle_connection_waits(
    listening: tuple[LeavingWorker, socket.socket], no_descriptor_left: Callable[[], None]
) -> None:
    worker, listener = listening
    with connect(listener) as waiting:
        no_descriptor_left()
        # Below the listener's own number: whatever another thread closes meanwhile, none can be given out.
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        worker.accept(listener)
        worker.accept(listener)
        assert not was_closed(waiting)
    assert (worker.nr_conns, worker.log.warning.call_count) == (0, 1)


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
