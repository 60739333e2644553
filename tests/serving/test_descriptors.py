"""How many connections the limit on open files leaves room for."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator

import pytest

from fcv_api.serving.descriptors import MOST_LINGERING, Room, brought_something, raise_limit


@pytest.fixture
def hard() -> Iterator[int]:
    """Give the hard limit, and put back what was."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield limits[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("soft", [64, 256, 1024, 4096])
@pytest.mark.parametrize("threads", [1, 64])
def test_all_connections_and_what_the_threads_have_open_fit(hard: int, soft: int, threads: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = Room.beside(threads, 1000)
    assert 0 < room.connections <= 1000
    assert 0 < room.lingering <= MOST_LINGERING
    assert room.connections + room.lingering + min(2 * threads, soft - 32) <= soft


def test_a_high_limit_makes_no_more_connections_than_are_set(hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    assert Room.beside(64, 1000) == Room(1000, MOST_LINGERING)


def test_the_soft_limit_is_raised_to_the_hard_one(hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    raise_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)


def test_what_was_brought_is_seen_and_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not brought_something(ours)
        theirs.send(b"x")
        assert brought_something(ours)
        assert ours.recv(2) == b"x"
        theirs.close()
        assert brought_something(ours)
