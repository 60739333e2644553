"""The port at which metrics are read."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge

from fcv_api.metrics import exposition
from fcv_api.metrics.exposition import AT_ONCE, exposed


@pytest.fixture
def registry() -> CollectorRegistry:
    """Give one metric."""
    registry = CollectorRegistry()
    Gauge("fcv_one", "One.", registry=registry).set(1)
    return registry


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """Take a port, until the test gives it up."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken


def until(happened: Callable[[], object]) -> None:
    deadline = monotonic() + 60
    while not happened():
        assert monotonic() < deadline
        sleep(0.02)


def answered(url: str) -> requests.Response | None:
    try:
        return requests.get(url, timeout=60)
    except requests.ConnectionError:
        return None


@pytest.fixture
def port(registry: CollectorRegistry, taken: socket.socket) -> Iterator[tuple[str, int]]:
    """Give the address of a server that is up."""
    address: tuple[str, int] = taken.getsockname()
    taken.close()
    with exposed(address, registry):
        until(lambda: answered("http://{}:{}/metrics".format(*address)))
        yield address


def test_metrics_are_there_and_nothing_else(port: tuple[str, int]) -> None:
    url = "http://{}:{}".format(*port)
    answer = requests.get(f"{url}/metrics?name=x", timeout=60)
    assert (answer.status_code, answer.text.splitlines()[-1]) == (200, "fcv_one 1.0")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "Python" not in answer.headers["Server"]
    assert requests.get(f"{url}/", timeout=60).status_code == 404
    assert requests.post(f"{url}/metrics", timeout=60).status_code == 501


def test_clients_that_say_nothing_keep_only_a_few_threads(
    port: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition._Handler, "timeout", 60)  # noqa: SLF001
    url = "http://{}:{}/metrics".format(*port)
    silent = [socket.create_connection(port) for _ in range(AT_ONCE)]
    until(lambda: answered(url) is None)
    for each in silent:
        each.close()
    until(lambda: answered(url))


def test_a_port_that_is_taken_is_said_in_one_line_and_served_when_it_is_free(
    registry: CollectorRegistry,
    taken: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(exposition, "SECONDS_BETWEEN_TRIES", 0.02)
    monkeypatch.setattr(exposition.log, "propagate", True)
    caplog.set_level(logging.INFO, exposition.log.name)
    address: tuple[str, int] = taken.getsockname()
    with exposed(address, registry):
        until(lambda: caplog.messages)
        taken.close()
        until(lambda: answered("http://{}:{}/metrics".format(*address)))
    refused = [each for each in caplog.messages if "not read at" in each]
    assert len(refused) == 1
    assert os.strerror(errno.EADDRINUSE) in refused[0]
