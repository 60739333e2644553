"""What others see meanwhile: beds that ask five times a second, and what the service holds."""

from __future__ import annotations

import contextlib
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from clients import JSON, distinct_request
from meanwhile import meanwhile
from target import Target

BODY = json.dumps(distinct_request(1)).encode()
BETWEEN = 0.2
"""Seconds from one question of a bed to its next, and from one look at the memory to the next."""


@dataclass
class Seen:
    """What a target held at most, in MB, and what others waited, in seconds, and were answered."""

    target: Target
    most: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)

    def watch(self, done: threading.Event) -> None:
        """Keep the largest."""
        while not done.wait(BETWEEN):
            with contextlib.suppress(OSError, ValueError):  # a worker has just ended
                self.most = max(self.most, self.target.held())

    def keep_asking(self, done: threading.Event) -> None:
        """Be a bed that keeps its connection."""
        connection = HTTPConnection(*self.target.next().address, timeout=60)
        while not done.wait(BETWEEN):
            self._ask(connection)
        connection.close()

    def ask_anew(self, done: threading.Event) -> None:
        """Be a bed that makes a connection for each question."""
        while not done.wait(BETWEEN):
            with contextlib.closing(HTTPConnection(*self.target.next().address, timeout=60)) as connection:
                self._ask(connection)

    def _ask(self, connection: HTTPConnection) -> None:
        begun = time.monotonic()
        try:
            connection.request("POST", "/predict", BODY, self.target.token | JSON)
            answer = connection.getresponse()
            body, status = answer.read(), answer.status
            if status != 200:
                self.problems[json.loads(body)["type"]] += 1
        except (OSError, HTTPException) as error:
            connection.close()
            status = 0
            self.problems[type(error).__name__] += 1
        self.waits.append(time.monotonic() - begun)
        self.statuses[status] += 1

    def add(self, other: Seen) -> None:
        """Take in what others waited at another time."""
        self.waits += other.waits
        self.statuses += other.statuses

    def p95(self) -> float:
        """Return what 95 of 100 calls waited at most, in ms."""
        return 1000 * statistics.quantiles(self.waits, n=20)[-1]


@contextmanager
def watched(target: Target) -> Iterator[Seen]:
    """Watch a target's memory and its answers to others during the block: to two beds of either kind."""
    seen = Seen(target)
    with meanwhile(seen.watch), meanwhile(seen.keep_asking, 2), meanwhile(seen.ask_anew, 2):
        yield seen


def usual(target: Target, seconds: float) -> Seen:
    """Return what it holds and others wait when nothing else happens."""
    with watched(target) as seen:
        time.sleep(seconds)
    return seen


def settled(target: Target, wanted: float, seconds: float = 60) -> float:
    """Return what is held once it is as little as wanted, or a minute after, in MB."""
    deadline = time.monotonic() + seconds
    while (left := target.held()) > wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return left
