"""What a process counts of its own work: requests and their times, predictions, refusals and warnings.

Each app has its own. In a worker of the service the values lie in the files of its slot; everywhere else in memory.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric

from fcv_api.domain.prediction import Prediction, Refusal

if TYPE_CHECKING:
    from fcv_api.ledger.record import Entry

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
WAITS = (0.01, 0.1, 1.0, 5.0, 15.0)
SLOTS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0)
METHODS = frozenset(("GET", "POST", "HEAD", "OPTIONS"))
BETWEEN_FLUSHES = 1.0
"""Seconds: of a worker that is killed, what it answered since is not counted."""
MOST_NOTED, MOST_OUTCOMES = 1_000, 10
"""Of requests, and of outcomes of one."""
OTHER = "other"
"""What stands for a method that nobody serves, and for a path where nothing is."""


class Answered(NamedTuple):
    """A request that was answered. route: its template, as `/predictions/<record_id>`; None where nothing is there.

    problem: its code, where the answer is one. waited: seconds that it waited for its turn. outcomes: of its
    encounters; they count where they were recorded and answered.
    """

    route: str | None
    method: str
    status: int
    seconds: float
    problem: str | None
    waited: float
    outcomes: Sequence[Prediction | Refusal] = ()


class _Came(NamedTuple):
    """What is counted of an outcome. It itself holds a window: nobody's values are kept until they are counted."""

    refusal: str | None
    model: object = None
    state: str = ""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, outcome: Prediction | Refusal) -> _Came:
        """Return it of a prediction or a refusal."""
        if isinstance(outcome, Refusal):
            return cls(outcome.reason.code)
        return cls(None, outcome.model, outcome.state.value, tuple([each.code for each in outcome.warnings]))


class _Children(dict[Any, Any]):
    """The children of a metric by their labels' values: its own way to them checks and locks each time."""

    def __init__(self, metric: Any) -> None:  # noqa: ANN401 - a counter or a histogram
        super().__init__()
        self._labels = metric.labels

    def __missing__(self, labels: tuple[str, ...]) -> Any:  # noqa: ANN401
        """Return the child of labels that come for the first time."""
        child = self[labels] = self._labels(*labels)
        return child


class _Flush:
    """Comes first in a registry, so that a scrape of this process lacks nothing."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Yield nothing."""
        self._counts.flush()
        yield from ()


class Counts:
    """The metrics of one process. All have labels, so that no value is made before a worker has its slot.

    What is answered is only noted, and counted some time later, many at once: right after a request these
    writes miss the processor's caches, and take ten times as long (bench/metrics.md).
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._noted: deque[tuple[Answered, list[_Came]]] = deque()
        self.registry.register(_Flush(self))
        self._starts = self._counter("fcv_worker_starts", "Starts of a worker.", "slot")
        self._requests = self._counter("fcv_requests", "Requests answered.", "route", "method", "status")
        self._problems = self._counter("fcv_problems", "Requests answered with a problem.", "code")
        self._predictions = self._counter("fcv_predictions", "Encounters scored.", "model", "state")
        self._refusals = self._counter("fcv_refusals", "Encounters not scored.", "code")
        self._warnings = self._counter("fcv_warnings", "Warnings beside scores.", "code")
        self._seconds = self._histogram("fcv_request_seconds", "Seconds to answer a request.", "route", SECONDS)
        self._waits = self._histogram("fcv_request_queue_seconds", "Seconds a request waited.", "route", WAITS)
        self._slots = self._histogram("fcv_slot_seconds", "Seconds to score a slot's turns.", "process", SLOTS)

    def started(self, slot: int) -> None:
        """Count the start of a worker, and from now on each second what it has answered."""
        self._starts[str(slot),].inc()
        threading.Thread(target=self._keep_flushing, name="counts", daemon=True).start()

    def answered(self, request: Answered) -> None:
        """Note a request, and what came of its encounters."""
        self._noted.append((request._replace(outcomes=()), [_Came.of(each) for each in request.outcomes]))
        if len(self._noted) >= MOST_NOTED or len(request.outcomes) > MOST_OUTCOMES:
            self.flush()

    def flush(self) -> None:
        """Count what was noted: each counter once, however many requests there were."""
        found: dict[Any, int] = defaultdict(int)
        with suppress(IndexError):  # no more, or another thread was faster
            while True:
                self._count(*self._noted.popleft(), found)
        for counter, times in found.items():
            counter.inc(times)

    def _keep_flushing(self) -> None:
        while True:
            sleep(BETWEEN_FLUSHES)
            self.flush()

    def _count(self, request: Answered, came: list[_Came], found: dict[Any, int]) -> None:
        """Observe a request's times, and add to the counters that it raises."""
        route = request.route or OTHER
        method = request.method if request.method in METHODS else OTHER
        found[self._requests[route, method, str(request.status)]] += 1
        self._seconds[route,].observe(request.seconds)
        if request.waited:
            self._waits[route,].observe(request.waited)
        if request.problem:
            found[self._problems[request.problem,]] += 1
        for each in came if request.status < HTTPStatus.INTERNAL_SERVER_ERROR else ():
            if each.refusal:
                found[self._refusals[each.refusal,]] += 1
                continue
            found[self._predictions[str(each.model), each.state]] += 1
            for code in each.warnings:
                found[self._warnings[code,]] += 1

    def recorded(self, entries: Iterable[Entry]) -> None:
        """Count turns that the feed has recorded."""
        for entry in entries:
            if entry.problem is not None:
                self._refusals[entry.problem,].inc()
            else:
                self._predictions[f"{entry.model_name}/{entry.model_version}", entry.state or OTHER].inc()
                for each in orjson.loads(entry.warnings or "[]"):
                    self._warnings[each["code"],].inc()

    def slot_scored(self, seconds: float) -> None:
        """Observe how long the turns of a slot took together."""
        self._slots["feed",].observe(seconds)

    def _counter(self, name: str, words: str, *labels: str) -> _Children:
        return _Children(Counter(name, words, labels, registry=self.registry))

    def _histogram(self, name: str, words: str, label: str, buckets: Sequence[float]) -> _Children:
        return _Children(Histogram(name, words, (label,), registry=self.registry, buckets=buckets))
