"""Measure what the record costs a request: processor time with FCV_LEDGER=required and off, interleaved, one process.

make bench-parts

With BENCH_DATABASE_URL=postgresql://fcv@HOST/bench on two PostgreSQL databases, bench_off and bench_required, which
must exist and be empty.
"""

from __future__ import annotations

import json
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
BESIDE = "json.loads"
"""Measured in between, so that a figure of a slow hour can be told from that of a slow record."""
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
            spent: dict[str, list[Clocks]] = {what: [] for what in (*LEDGER, BESIDE)}
            for _ in range(ROUNDS):
                for mode, clocks in _round(services, body).items():
                    spent[mode].append(clocks)
            _print(name, spent)


def _round(services: dict[str, tuple[Flask, str]], body: bytes) -> dict[str, Clocks]:
    """Send requests in turn to one and the other, so that what else the machine does falls on both alike."""
    spent = dict.fromkeys((*LEDGER, BESIDE), (0.0, 0.0))
    for number in range(REQUESTS):
        for what in (*(LEDGER if number % 2 else reversed(LEDGER)), BESIDE):
            cpu, wall = process_time(), perf_counter()
            if what == BESIDE:
                json.loads(body)
            else:
                post(*services[what], "/predict", body)
            so_far = spent[what]
            spent[what] = (so_far[0] + process_time() - cpu, so_far[1] + perf_counter() - wall)
    return spent


def _database(mode: str) -> dict[str, str]:
    return {"FCV_DATABASE_URL": f"{URL}_{mode}"} if URL else {}


def _print(name: str, spent: dict[str, list[tuple[float, float]]]) -> None:
    print(f"  {name}")
    for column, clock in enumerate(("processor time", "wall clock")):
        off, on, beside = ([each[column] / REQUESTS * 1000 for each in spent[what]] for what in (*LEDGER, BESIDE))
        cost = [with_record - without for without, with_record in zip(off, on, strict=True)]
        more, parsed = statistics.median(cost), statistics.median(beside)
        medians = f"{statistics.median(off):.3f} off, {statistics.median(on):.3f} required"
        print(f"    {clock:<15} {medians}: {more:.3f} more ({min(cost):.3f} to {max(cost):.3f})")
        print(f"    {'':<15} {more / parsed:.2f} times {BESIDE} of the body, {parsed:.3f}")


if __name__ == "__main__":
    main()
