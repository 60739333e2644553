"""What things cost of the processor: of the service, of turns in this process, and of the database's processes."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from time import perf_counter, process_time
from typing import Any

from bench.feed.host import Host


@dataclass
class Costs:
    """What was spent of the processor, in ms. counted: how often each was done. parts: of a turn."""

    own: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    database: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    counted: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    parts: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    latencies: list[float] = field(default_factory=list)
    is_parted: bool = False

    @contextmanager
    def count(self, host: Host, what: str, times: int, *, here: bool = False) -> Iterator[None]:
        """Count what a block costs: the service, or `here` this process, which scores the turns."""
        before, began = host.spent, process_time()
        yield
        own, spent = process_time() - began, host.spent.since(before)
        self.own[what] += 1000 * (own if here else spent.service)
        self.database[what] += 1000 * spent.database
        self.counted[what] += times

    @contextmanager
    def in_parts(self) -> Iterator[None]:
        """Count the parts of the turns of a block."""
        self.is_parted = True
        yield
        self.is_parted = False

    def of(self, what: str) -> float:
        """Return what one costs: of the service or this process, and of the database's processes."""
        return (self.own[what] + self.database[what]) / self.counted[what]

    @property
    def median_ms(self) -> float:
        """The median of the latencies."""
        return 1000 * statistics.median(self.latencies)

    def clear(self) -> None:
        """Begin anew."""
        for each in (self.own, self.database, self.counted, self.parts, self.latencies):
            each.clear()

    def part(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and is counted as a part of a turn."""

        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            began = process_time()
            try:
                return call(*args, **kwargs)
            finally:
                if self.is_parted:
                    self.parts[name] += 1000 * (process_time() - began)

        return counted


class Client:
    """Asks the service over one connection."""

    def __init__(self, host: Host) -> None:
        self.headers = host.service.sign_in() | {"Content-Type": "application/json"}
        self.connection = HTTPConnection(*host.service.address, timeout=60)

    def post_all(self, path: str, bodies: Iterable[bytes]) -> list[float]:
        """Post one after the other, and return the seconds until each answer."""
        return [self._post(path, body) for body in bodies]

    def _post(self, path: str, body: bytes) -> float:
        began = perf_counter()
        self.connection.request("POST", path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:  # noqa: PLR2004
            sys.exit(f"{answer.status}: {content!r}")
        return perf_counter() - began
