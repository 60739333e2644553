"""Measure what grows with what: a request with its rows, and the record with the predictions that it holds.

    .venv/bin/python -m bench.growth

Processor time, one process, SQLite.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import orjson

from bench.request import post, service
from fcv_api import scoring
from fcv_api.domain.prediction import Prediction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.ledger import chain, query
from fcv_api.ledger.record import append
from fcv_api.lstm.registry import Registry
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.settings import ROOT
from fcv_api.wire.encounter import EncounterSchema

REQUESTS = 60
TIMES = (0.5, 1, 2, 4)  # of twelve hours
RECORDS = (5_000, 10_000, 20_000, 40_000)
HALF_A_DAY = timedelta(hours=12, minutes=30)
Body = dict[str, Any]


def main() -> None:
    """Print a table each, with its fit."""
    golden = orjson.loads((ROOT / "tests" / "fixtures" / "encounter_5501.json").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        _print_requests(golden, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _print_records(golden, Path(folder))


def _print_requests(golden: Body, folder: Path) -> None:
    app, token = service(folder, FCV_LEDGER="off")
    print("| rows of a request | processor time |\n|---|---|")
    rows, spent = [], []
    for times in TIMES:
        request = _longer(golden, times)
        body = orjson.dumps(request)
        rows.append(len(request["valor"]))
        spent.append(_median(lambda body=body: post(app, token, "/predict", body)))  # type: ignore[misc]
        print(f"| {rows[-1]:,} | {spent[-1]:.2f} ms |")
    _print_fit("a request", rows, spent, "ms", 1000)


def _longer(golden: Body, times: float) -> Body:
    """Give more or fewer hours of the same patient, the last ones kept."""
    names = [name for name, column in golden.items() if isinstance(column, dict)]
    rows = list(zip(*(golden[name].values() for name in names), strict=True))
    at = names.index("fecRegistro")
    rows.sort(key=lambda row: str(row[at]))
    found = []
    for back in range(max(1, round(times))):
        for row in rows[len(rows) - round(len(rows) * min(1, times)) :]:
            moved = datetime.fromisoformat(row[at]) - back * HALF_A_DAY  # a wall clock's, as sent
            found.append((*row[:at], str(moved), *row[at + 1 :]))
    keys = [str(row) for row in range(len(found))]
    columns = zip(names, zip(*found, strict=True), strict=True)
    return {"idAtencion": 1} | {name: dict(zip(keys, cells, strict=True)) for name, cells in columns}


def _median(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(REQUESTS):
        start = process_time()
        call()
        taken.append((process_time() - start) * 1000)
    return statistics.median(taken)


def _print_records(golden: Body, folder: Path) -> None:
    app, _ = service(folder, FCV_LEDGER="required")
    model = Registry(ROOT / "models").load(None)
    outcome = scoring.assess(EncounterSchema().load(golden).read(UTC), model).or_raise()
    print("\n| records | the database | one more record | the newest 100 of one bed | verify |\n|---|---|---|---|---|")
    counts, sizes, held = [], [], 0
    with app.app_context():
        for count in RECORDS:
            spent = _fill(outcome, held, count)
            held = count
            counts.append(count)
            sizes.append(sum(file.stat().st_size for file in folder.glob("bench.db*")) / 1e6)
            page, verified = _taken(lambda: query.search(query.Wanted(encounter=7), 100)), _taken(chain.verify)
            print(f"| {count:,} | {sizes[-1]:.1f} MB | {spent:.3f} ms | {page:.1f} ms | {verified / 1000:.2f} s |")
    _print_fit("the database", counts, sizes, "MB", 1000)


def _fill(outcome: Prediction, held: int, count: int) -> float:
    """Record predictions of 500 beds one by one, and give the milliseconds of processor time of each."""
    start = process_time()
    for number in range(held, count):
        caller = scoring.Caller(1, f"{number:032x}", f"{number:064x}", perf_counter())
        entry = scoring.entry_of(replace(outcome, encounter=number % 500), caller, RUNTIME)
        with write_cursor() as cursor:
            append(cursor, [entry])
    return (process_time() - start) * 1000 / (count - held)


def _taken(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


def _print_fit(name: str, amounts: list[int], figures: list[float], unit: str, each: int) -> None:
    x, y = np.array(amounts) / each, np.array(figures)
    slope, start = np.polyfit(x, y, 1)
    explained = 1 - ((y - start - slope * x) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    print(f"{name}: {start:.2f} {unit} + {slope:.2f} {unit} for each {each:,} (R² {explained:.4f})")


if __name__ == "__main__":
    main()
