"""Measure what counting for Prometheus costs a request: processor time of one that is counted, and of one that is not.

    python -m bench.metrics

Interleaved, in one process whose counts lie in a slot's files, as a worker's do. Then the hook alone, and a scrape.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from time import process_time, thread_time
from types import SimpleNamespace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest

from bench.request import BODIES, post, service
from fcv_api.metrics import slots
from fcv_api.metrics.counts import Answered, Counts
from fcv_api.metrics.workers import Workers

PAIRS, WARM = 500, 20
HOOKS = 50_000
COUNTS, DOES_NOT = "counts", "does not"


class Timed:
    """Counts as they are, and how long it takes to note a request right after it."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.spent: list[float] = []

    def answered(self, request: Answered) -> None:
        """Note it."""
        began = thread_time()
        self._counts.answered(request)
        self.spent.append((thread_time() - began) * 1e6)


Services = dict[str, tuple[Flask, str]]


def main() -> None:
    """Print, for each body, the median of a request, and of the differences of pairs."""
    with tempfile.TemporaryDirectory() as folder:
        slots.claim(Path(folder) / "slots")
        services = {name: service(Path(folder) / name.replace(" ", "-")) for name in (DOES_NOT, COUNTS)}
        app = services[DOES_NOT][0]
        nothing = SimpleNamespace(answered=lambda _request: None)
        app.extensions["fcv"] = replace(app.extensions["fcv"], counts=nothing)
        print(f"{PAIRS} pairs of requests, us of processor time: the median of one, and of what the other takes more")
        for name, body in BODIES.items():
            spent = _spent(services, body)
            more = [one - other for one, other in zip(spent[COUNTS], spent[DOES_NOT], strict=True)]
            print(f"  {name}: {statistics.median(spent[DOES_NOT]):.0f}, counted {statistics.median(more):+.1f}")
        _print_noting(*services[COUNTS])
        _print_hook(services[COUNTS][0].extensions["fcv"].counts)
        _print_scrape(Path(folder) / "slots")


def _spent(services: Services, body: bytes) -> dict[str, list[float]]:
    """Send requests in turn, and return what each took: what else the machine does falls on all alike."""
    spent: dict[str, list[float]] = {kind: [] for kind in services}
    for number in range(PAIRS + WARM):
        for kind in services if number % 2 else reversed(services):
            began = process_time()
            post(*services[kind], "/predict", body)
            if number >= WARM:
                spent[kind].append((process_time() - began) * 1e6)
    return spent


def _print_noting(app: Flask, token: str) -> None:
    """Print what a request pays for being noted, with its own data in the processor's caches."""
    own = app.extensions["fcv"]
    timed = Timed(own.counts)
    app.extensions["fcv"] = replace(own, counts=timed)
    for _ in range(PAIRS // 2):
        post(app, token, "/predict", BODIES["minimal (180 rows)"])
    app.extensions["fcv"] = own
    print(f"  noted right after a minimal request: {statistics.median(timed.spent):.1f} us")


def _print_hook(counts: Counts) -> None:
    """Print what the hook costs by itself, with a prediction and two warnings."""
    warnings = [SimpleNamespace(code=code) for code in ("filled", "undecided")]
    scored = SimpleNamespace(model="fcv-sim/2.0.0", state=SimpleNamespace(value="none_of_these"), warnings=warnings)
    request = Answered("/predict", "POST", 200, 0.003, None, 0.0, [scored])  # type: ignore[list-item]
    counts.answered(request)
    counts.flush()
    began = process_time()
    for _ in range(HOOKS):
        counts.answered(request)
    counts.flush()
    print(f"  noted and counted, many at once: {(process_time() - began) / HOOKS * 1e6:.1f} us")


def _print_scrape(folder: Path) -> None:
    registry = CollectorRegistry()
    registry.register(Workers(folder))
    began = process_time()
    for _ in range(100):
        text = generate_latest(registry)
    print(f"  a scrape of one slot: {(process_time() - began) * 10:.1f} ms, {len(text):,} bytes, in another process")


if __name__ == "__main__":
    main()
