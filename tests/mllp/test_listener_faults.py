"""Gateways that do not do their part: the others go on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

import pytest
from gateways import HERE, connected, listened, live, site_of

from fcv_api.mllp import connection as connections
from fcv_api.mllp import listener, storage
from fcv_api.mllp.answers import Waiting, answered
from fcv_api.mllp.site import Site
from fcv_api.settings import Settings
from fcv_api.wire.hl7 import frames

pytestmark = pytest.mark.usefixtures("empty_database")
Address = tuple[str, int]


@pytest.fixture
def address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """Listen, with little patience."""
    monkeypatch.setattr(frames, "SECONDS", 0.5)
    monkeypatch.setattr(connections, "SECONDS_TO_TAKE", 0.5)
    with listened(settings, site_of(HERE)) as found:
        yield found


def others_go_on(address: Address) -> None:
    with connected(address) as own:
        started = time.monotonic()
        assert own.exchange(live(control="OK")) == ["AA OK"]
        assert time.monotonic() - started < 60


def is_closed(own: socket.socket) -> bool:
    own.settimeout(60)
    try:
        while own.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def is_served(address: Address) -> bool:
    with connected(address) as own, suppress(ConnectionError):
        return own.exchange(live()) == ["AA M1"]
    return False


@pytest.mark.parametrize("begun", [b"\x0bMSH|^~\\&|GW", b"GET / HTTP/1.1\r\n\r\n", b"\x0b"])
def test_a_frame_that_never_ends_ends_its_connection(address: Address, begun: bytes) -> None:
    with connected(address) as own:
        own.connection.sendall(begun)
        others_go_on(address)
        assert is_closed(own.connection)


def test_a_frame_over_the_limit_ends_its_connection_after_those_before_it(address: Address) -> None:
    with connected(address) as own:
        own.send(live(control="1"), b"MSH|" + b"x" * 200_000)
        assert own.acks(1) == ["AA 1"]
        assert is_closed(own.connection)
    others_go_on(address)


def test_who_is_no_source_may_send_no_large_frame(settings: Settings) -> None:
    nobody = site_of('[source.other]\npeers = ["10.9.9.9"]')
    with listened(settings, nobody) as address, connected(address) as own:
        own.send(live(control="1"), b"MSH|" + b"x" * 70_000)
        assert own.acks(1) == ["AR 1"]
        assert is_closed(own.connection)


def test_a_sender_that_never_reads_is_left(address: Address) -> None:
    with connected(address) as own:
        own.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own.connection.settimeout(0.2)
        many = b"\x0bMSH|\x1c" * 20_000
        with pytest.raises(OSError, match=r"(?i)timed out|reset|broken"):
            own.connection.sendall(many * 100)
        others_go_on(address)


def test_200_idle_connections_hold_nobody_up_and_stay(address: Address) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(address)) for _ in range(200)]
        others_go_on(address)
        time.sleep(0.7)
        assert idle[0].exchange(live(control="A")) == ["AA A"]
        assert idle[-1].exchange(live(control="B")) == ["AA B"]


def test_more_connections_than_there_may_be_are_refused(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 2)
    with connected(address) as one, connected(address) as two:
        assert one.exchange(live()) + two.exchange(live()) == ["AA M1"] * 2
        with connected(address) as three:
            assert is_closed(three.connection)
    deadline = time.monotonic() + 10
    while not is_served(address) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_served(address)


def test_a_gateway_that_dies_in_the_middle_leaves_nothing(address: Address) -> None:
    with connected(address) as own:
        own.connection.sendall(b"\x0b" + live()[:200])
    others_go_on(address)


def test_a_frame_full_of_messages_is_stored_in_portions_and_others_in_its_midst(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first portion waits until another gateway's message is in the queue: then the order of both is certain."""
    stored: list[int] = []
    submit, another_waits = storage.Storage.submit, threading.Event()

    def counting(batch: Sequence[Waiting], site: Site) -> list[bytes]:
        assert another_waits.wait(20)
        stored.extend(each.content.count(b"MSH|") for each in batch)
        return answered(batch, site)

    def seen(own: storage.Storage, waiting: Waiting) -> None:
        submit(own, waiting)
        if b"OBX" in waiting.content:
            another_waits.set()

    monkeypatch.setattr(storage, "answered", counting)
    monkeypatch.setattr(storage.Storage, "submit", seen)
    with connected(address) as one, connected(address) as other:
        one.send(b"MSH|^~\\&\r" * 10_000)
        assert other.exchange(live(control="OK")) == ["AA OK"]
        assert len(one.acks(10_000)) == 10_000
    assert max(stored) == 500
    assert sum(stored) == 10_001
    assert stored.index(1) < len(stored) - 1
