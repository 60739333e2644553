"""Measure what alerts cost a request: processor time without an active policy, with one, and with an alert that holds.

    python -m bench.alerts

Interleaved, in one process, beside the same request of a service that does not look whether a policy is active.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from flask import Flask

from bench.request import BODIES, post, service
from fcv_api.alerts import policies
from fcv_api.alerts.policies import Wanted
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry

ROUNDS, REQUESTS = 15, 100
POLICY = 'name = "bench"\nversion = "1"\nsilence_minutes = 60\nwarnings = ["critical_value"]\n[score]\nthreshold = {}\n'
THRESHOLDS = {"no policy": None, "a policy": 0.9999, "an alert holds": 0.000001}
"""Of 1 - P(none of the three): one that nothing reaches, and one that every window does."""


def main() -> None:
    """Print, for each body, the medians of the rounds and of their differences; and what one look costs."""
    with tempfile.TemporaryDirectory() as folder:
        services = {name: service(Path(folder) / name.replace(" ", "-")) for name in THRESHOLDS}
        for name, threshold in THRESHOLDS.items():
            if threshold is not None:
                _enforce(services[name][0], threshold)
        print(f"alerts on SQLite, {ROUNDS} interleaved rounds of {REQUESTS} requests, ms of processor time a request")
        for name, body in BODIES.items():
            spent: dict[str, list[float]] = {kind: [] for kind in services}
            for _ in range(ROUNDS):
                for kind, each in _round(services, body).items():
                    spent[kind].append(each)
            _print(name, spent)
        _print_look(services["no policy"][0])


def _enforce(app: Flask, threshold: float) -> None:
    sha256 = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.sha256
    with app.app_context():
        policies.activate(Wanted(POLICY.format(threshold), ("m", "1", sha256), "{}", "bench", "bench"), after=0)


def _round(services: dict[str, tuple[Flask, str]], body: bytes) -> dict[str, float]:
    """Send requests in turn, so that what else the machine does falls on all alike."""
    spent = dict.fromkeys(services, 0.0)
    for number in range(REQUESTS):
        for kind in services if number % 2 else reversed(services):
            began = process_time()
            post(*services[kind], "/predict", body)
            spent[kind] += process_time() - began
    return {kind: each / REQUESTS * 1000 for kind, each in spent.items()}


def _print(name: str, spent: dict[str, list[float]]) -> None:
    print(f"  {name}")
    base = spent["no policy"]
    for kind, each in spent.items():
        more = [one - other for one, other in zip(each, base, strict=True)]
        share = statistics.median(more) / statistics.median(base)
        print(f"    {kind:<15} {statistics.median(each):.3f}   {statistics.median(more):+.3f}   {share:+.1%}")


def _print_look(app: Flask) -> None:
    """Print what a request without a policy pays: a look that is a second old at most, and once a second a query."""
    with app.app_context():
        count = 20_000
        began, cpu = perf_counter(), process_time()
        for _ in range(count):
            policies.known()
        each, seconds = (process_time() - cpu) / count * 1e6, perf_counter() - began
        cpu = process_time()
        for _ in range(200):
            policies.look()
        asked = (process_time() - cpu) / 200 * 1e6
    print(f"  a look: {each:.2f} us each of {count:,} within {seconds:.2f} s; the query, once a second: {asked:.0f} us")


if __name__ == "__main__":
    main()
