"""What goes on beside a load: real `/predict` at a fixed rate, and a look at the memory now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

from bench import bodies
from bench.feed.host import Host

EVERY = 5.0
"""Seconds between two looks at the memory."""
CLIENTS = 8
JSON = {"Content-Type": "application/json"}


@contextmanager
def predicting(host: Host, headers: dict[str, str], rate: float) -> Iterator[list[float]]:
    """Ask a real `/predict` some times a second meanwhile, whether answered or not, up to 8 at once.

    Yields how many seconds each took from when it was due; inf for one that was not answered with 200.
    """
    clients, over = CLIENTS if rate > CLIENTS else 1, threading.Event()
    seconds: list[float] = []

    def ask(client: int) -> None:
        connection, due = HTTPConnection(*host.service.address, timeout=30), time.time() + client / rate
        while not over.wait(max(due - time.time(), 0)):
            good = _ask(connection, headers)
            seconds.append(time.time() - due if good else float("inf"))
            due += clients / rate
        connection.close()

    with ExitStack() as stack:
        for client in range(clients):
            stack.enter_context(_thread(over, lambda client=client: ask(client)))  # type: ignore[misc]
        yield seconds


def _ask(connection: HTTPConnection, headers: dict[str, str]) -> bool:
    try:
        connection.request("POST", "/predict", bodies.BODIES["real"], headers | JSON)
        answer = connection.getresponse()
        answer.read()
    except OSError:
        connection.close()
        return False
    return answer.status == 200  # noqa: PLR2004


@contextmanager
def watched(host: Host) -> Iterator[list[float]]:
    """Look at the memory of the service and the feed meanwhile, in MB."""
    over, megabytes = threading.Event(), list[float]()

    def look() -> None:
        while not over.wait(EVERY):
            megabytes.append(host.megabytes)

    with _thread(over, look):
        yield megabytes


@contextmanager
def _thread(over: threading.Event, work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
