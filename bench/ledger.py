"""Measure what the record costs a request: processor time with FCV_LEDGER=required and off, interleaved, one process.

make bench-parts

With BENCH_DATABASE_URL=postgresql://fcv@HOST/bench on two PostgreSQL databases, bench_off and bench_required, which
must exist and be empty.
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

ROUNDS, REQUESTS = 15, 100
LEDGER = ("off", "required")
Clocks = tuple[float, float]
"""Seconds of the processor, and on the wall."""
URL = os.environ.get("BENCH_DATABASE_URL")


def main() -> None:
    """Print, for each body, the medians of the rounds, and the median of their differences."""
    with tempfile.TemporaryDirectory() as folder:
        services = {mode: service(Path(folder) / mode, FCV_LEDGER=mode, **_database(mode)) for mode in LEDGER}
        where = "PostgreSQL" if URL else "SQLite"
        print(f"\nthe record on {where}, {ROUNDS} interleaved rounds of {REQUESTS} requests, ms a request")
        for name, body in BODIES.items():
            for app, token in services.values():  # what only a first request pays
                for _ in range(REQUESTS):
                    post(app, token, "/predict", body)
            spent: dict[str, list[tuple[float, float]]] = {mode: [] for mode in LEDGER}
            for _ in range(ROUNDS):
                for mode, clocks in _round(services, body).items():
                    spent[mode].append(clocks)
            _print(name, spent)


def _round(services: dict[str, tuple[Flask, str]], body: bytes) -> dict[str, Clocks]:
    """Send requests in turn to one and the other, so that what else the machine does falls on both alike."""
    spent = dict.fromkeys(LEDGER, (0.0, 0.0))
    for number in range(REQUESTS):
        for mode in LEDGER if number % 2 else reversed(LEDGER):
            cpu, wall = process_time(), perf_counter()
            post(*services[mode], "/predict", body)
            so_far = spent[mode]
            spent[mode] = (so_far[0] + process_time() - cpu, so_far[1] + perf_counter() - wall)
    return spent


def _database(mode: str) -> dict[str, str]:
    return {"FCV_DATABASE_URL": f"{URL}_{mode}"} if URL else {}


def _print(name: str, spent: dict[str, list[tuple[float, float]]]) -> None:
    print(f"  {name}")
    for column, clock in enumerate(("processor time", "wall clock")):
        off, on = ([each[column] / REQUESTS * 1000 for each in spent[mode]] for mode in LEDGER)
        cost = [with_record - without for without, with_record in zip(off, on, strict=True)]
        medians = f"{statistics.median(off):.3f} off, {statistics.median(on):.3f} required"
        print(f"    {clock:<15} {medians}: {statistics.median(cost):.3f} more ({min(cost):.3f} to {max(cost):.3f})")


if __name__ == "__main__":
    main()
