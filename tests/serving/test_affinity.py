"""Affinity: who gets which processor."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from fcv_api.serving import affinity

FOUR = frozenset(range(4))


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give four processors of two cores: 0 and 2, 1 and 3."""
    monkeypatch.setattr(affinity, "ALL", FOUR)
    monkeypatch.setattr(affinity, "TOPOLOGY", tmp_path)
    for each in FOUR:
        topology = tmp_path / f"cpu{each}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{each % 2},{each % 2 + 2}\n")
    return tmp_path


def chosen(workers: int, address: str = "127.0.0.1:8000") -> list[int | None]:
    taken: list[int | None] = []
    for _ in range(workers):
        taken.append(affinity.choose(taken, workers, address))
    return taken


@pytest.mark.parametrize("address", [f"127.0.0.1:{port}" for port in range(8000, 8010)])
@pytest.mark.usefixtures("four")
def test_each_worker_gets_a_processor_of_its_own_and_a_core_of_its_own_as_long_as_there_are_some(address: str) -> None:
    first, second, third, fourth = chosen(4, address)
    assert {first, second, third, fourth} == FOUR
    assert first is not None
    assert second is not None
    assert first % 2 != second % 2


@pytest.mark.parametrize(("told", "own"), [("0-1", {0, 1}), ("0,2-3\n", {0, 2, 3}), ("0", {0}), ("", {0}), ("x", {0})])
def test_the_kernels_words_for_the_threads_of_a_core_are_read(four: Path, told: str, own: set[int]) -> None:
    (four / "cpu0" / "topology" / "thread_siblings_list").write_text(told)
    assert set(affinity._siblings(0)) == own  # noqa: SLF001


@pytest.mark.usefixtures("four")
def test_who_comes_after_one_that_ended_gets_its_processor() -> None:
    workers = chosen(4)
    for gone in workers:
        left = [each for each in workers if each != gone]
        assert affinity.choose(left, 4, "127.0.0.1:8000") == gone


@pytest.mark.usefixtures("four")
def test_where_not_each_can_have_one_nobody_gets_one() -> None:
    assert chosen(5) == [None] * 5


def test_where_the_system_tells_of_none_nobody_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "ALL", frozenset())
    assert chosen(1) == [None]


@pytest.mark.usefixtures("four")
def test_instances_of_one_host_begin_at_different_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {chosen(1, f"127.0.0.1:{port}")[0] for port in range(8000, 8040)} == FOUR
    begun = set()
    for number in range(40):
        monkeypatch.setattr(socket, "gethostname", lambda number=number: f"container{number}")
        begun |= set(chosen(1))
    assert begun == FOUR


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread keep to a processor")
def test_where_keeping_to_one_is_forbidden_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.sched_getaffinity(0)
    affinity.keep_to({10_000})  # there is none
    assert os.sched_getaffinity(0) == before

    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    affinity.keep_to(before)


def test_where_the_system_has_no_such_call_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    affinity.keep_to({0})
