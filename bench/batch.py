"""Measure `/predict/batch` beside the same encounters sent one by one, interleaved, in one process.

    make bench

Each figure is a whole request: Flask, token, account, parse, window, model, answer, log line. `single` is the sum of
all single calls of a round.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson

from bench.request import post, service
from fcv_api.settings import ROOT
from fcv_api.wire.example import example_request

ROUNDS = 15
Body = dict[str, Any]


def main() -> None:
    """Print one table a batch."""
    real = orjson.loads((ROOT / "tests" / "fixtures" / "encounter_5501.json").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        app, token = service(Path(folder))
        for name, request, count in (("real", real, 40), ("minimal", example_request(), 1000)):
            singles = [request | {"idAtencion": number} for number in range(count)]
            bodies = [orjson.dumps(each) for each in singles]
            batch = orjson.dumps(batch_of(singles))
            taken: dict[str, list[float]] = {"single": [], "batch": []}
            for _ in range(ROUNDS):
                start = perf_counter()
                answers = [post(app, token, "/predict", body) for body in bodies]
                middle = perf_counter()
                answer = post(app, token, "/predict/batch", batch)
                taken["single"].append(middle - start)
                taken["batch"].append(perf_counter() - middle)
                if orjson.loads(answer)["results"] != list(map(orjson.loads, answers)):
                    sys.exit("The batch answers otherwise than the single calls.")
            _print(f"{count} encounters, {name}, {len(batch) / 1e6:.1f} MB", taken)


def batch_of(requests: list[Body]) -> Body:
    """Put encounters one below the other, with new row keys."""
    columns: Body = {name: [] for name in requests[0]}
    for each in requests:
        rows = each["nomSigno"]
        for name, cells in columns.items():
            cells.extend([each[name]] * len(rows) if name == "idAtencion" else map(each[name].get, rows))
    return {name: {str(row): cell for row, cell in enumerate(cells)} for name, cells in columns.items()}


def _print(title: str, taken: dict[str, list[float]]) -> None:
    print(f"\n{title}, {ROUNDS} rounds")
    single = statistics.median(taken["single"])
    for name, each in taken.items():
        median = statistics.median(each)
        print(
            f"  {name:<8} {median * 1000:8.1f} ms   {median / single:5.2f} x single   slowest {max(each) * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
