"""Measure `/predict/batch` beside the same encounters sent one by one, interleaved, in one process.

    make bench-parts

Each figure is a whole request: Flask, token, account, parse, window, model, answer, log line. `single` is the sum of
all single calls of a round.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson
from flask import Flask

from bench.request import post, service
from fcv_api.settings import ROOT
from fcv_api.wire.example import example_request

ROUNDS = 15
THREADS, BATCHES = 4, 20
Body = dict[str, Any]
Clocks = tuple[float, float]
"""Seconds on the wall, and of the processor."""


def main() -> None:
    """Print one table a batch."""
    real = orjson.loads((ROOT / "tests" / "fixtures" / "encounter_5501.json").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        app, token = service(Path(folder))
        batches = []
        for name, request, count in (("real", real, 40), ("minimal", example_request(), 1000)):
            singles = [request | {"idAtencion": number} for number in range(count)]
            bodies = [orjson.dumps(each) for each in singles]
            batch = orjson.dumps(batch_of(singles))
            taken: dict[str, list[Clocks]] = {"single": [], "batch": []}
            for _ in range(ROUNDS):
                start = _clocks()
                answers = [post(app, token, "/predict", body) for body in bodies]
                middle = _clocks()
                answer = post(app, token, "/predict/batch", batch)
                taken["single"].append(_since(start, middle))
                taken["batch"].append(_since(middle, _clocks()))
                if orjson.loads(answer)["results"] != list(map(orjson.loads, answers)):
                    sys.exit("The batch answers otherwise than the single calls.")
            _print(f"{count} encounters, {name}, {len(batch) / 1e6:.1f} MB", taken)
            batches.append(batch)
        _print_memory(app, token, bodies[0], batches)


def batch_of(requests: list[Body]) -> Body:
    """Put encounters one below the other, with new row keys."""
    columns: Body = {name: [] for name in requests[0]}
    for each in requests:
        rows = each["nomSigno"]
        for name, cells in columns.items():
            cells.extend([each[name]] * len(rows) if name == "idAtencion" else map(each[name].get, rows))
    return {name: {str(row): cell for row, cell in enumerate(cells)} for name, cells in columns.items()}


def _print_memory(app: Flask, token: str, single: bytes, batches: list[bytes]) -> None:
    """Say what is resident before batches, and after: from four threads at once, as a worker has them."""
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: post(app, token, "/predict", single), range(50 * THREADS)))
        before = _resident()
        print(f"\n{BATCHES} batches by {THREADS} threads, resident memory of the process")
        for _ in range(3):
            list(threads.map(lambda at: post(app, token, "/predict/batch", batches[at % 2]), range(BATCHES)))
            print(f"  {before:.0f} MB before, {_resident():.0f} MB after")


def _resident() -> float:
    """Give this process' resident memory in MB (Linux only)."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(rollup.split("Rss:")[1].split()[0]) / 1024


def _clocks() -> Clocks:
    return perf_counter(), process_time()


def _since(start: Clocks, end: Clocks) -> Clocks:
    return end[0] - start[0], end[1] - start[1]


def _print(title: str, taken: dict[str, list[Clocks]]) -> None:
    print(f"\n{title}, {ROUNDS} rounds")
    single = [statistics.median(each) for each in zip(*taken["single"], strict=True)]
    for name, each in taken.items():
        wall, processor = (statistics.median(one) * 1000 for one in zip(*each, strict=True))
        print(
            f"  {name:<8} {wall:8.1f} ms   {wall / single[0] / 1000:5.2f} x single   "
            f"processor {processor:8.1f} ms   {processor / single[1] / 1000:5.2f} x single"
        )


if __name__ == "__main__":
    main()
