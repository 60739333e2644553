"""Measure `fcv score --rolling` at several sizes, and fit its cost to the rows.

    .venv/bin/python -m bench.score 1 5 20 50

Sizes are in millions of rows. The data have the density of a real ward: the two golden encounters, 13 signs at 150
instants each, once a bed, each bed a minute later than the one before, and all sorted by time across beds. 50 million
rows take 15 GB under --folder, and some minutes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.contest.processes import memory as proportional
from fcv_api.settings import ROOT

COLUMNS = ("idSigno", "nomSigno", "valor", "unidad", "fecRegistro")
EVERY = 0.5  # seconds between two looks at the memory
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Run:
    """wall, processor: seconds. memory: the most that its processes had resident together, in MB."""

    rows: int
    windows: int
    wall: float
    processor: float
    memory: float


def main() -> None:
    """Print a table and its fit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("millions", type=float, nargs="+")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    print(f"{CORES} cores\n\n| rows | windows | wall | processor | windows a second a core | memory |\n|{'---|' * 6}")
    runs = [_measure(millions, given.folder) for millions in given.millions]
    for name, times in (("wall", [each.wall for each in runs]), ("processor", [each.processor for each in runs])):
        _print_fit(name, np.array([each.rows for each in runs]), np.array(times))


def _measure(millions: float, folder: Path) -> Run:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        rows = _write(round(millions * 1e6 / 1930), Path(own) / "in.csv")
        run = _run(rows, Path(own))
    rate = run.windows / run.wall / CORES
    print(
        f"| {run.rows:,} | {run.windows:,} | {run.wall:.1f} s | {run.processor:.1f} s | {rate:,.0f} "
        f"({run.windows / run.processor:,.0f} by processor time) | {run.memory:.0f} MB |",
        flush=True,
    )
    return run


def _write(beds: int, path: Path) -> int:
    """Write a ward's export, and count its rows."""
    kept = []
    for kind, number in enumerate((5501, 5502)):
        request = orjson.loads((ROOT / "tests" / "fixtures" / f"encounter_{number}.json").read_bytes())
        cells = {name: list(request[name].values()) for name in COLUMNS}
        kept.append(pa.table(cells | {"kind": [kind] * len(cells["valor"])}))
    with duckdb.connect() as database:
        database.register("kept", pa.concat_tables(kept))
        database.execute("SET memory_limit='4GB'")
        database.execute("SET temp_directory=?", [str(path.parent / "sorting")])
        query = (
            f"COPY (SELECT 10000 + bed AS idAtencion, idSigno, nomSigno, valor, unidad, "  # noqa: S608 - our own names
            f"strftime(fecRegistro::TIMESTAMP + to_seconds(bed * 61), '%Y-%m-%d %H:%M:%S') AS fecRegistro "
            f"FROM kept, range({beds}) beds(bed) WHERE kind = bed % 2 ORDER BY fecRegistro, bed) TO '{path}' (HEADER)"
        )
        (rows,) = database.execute(query).fetchone() or (0,)
    return int(rows)


def _run(rows: int, folder: Path) -> Run:
    files = (str(folder / "in.csv"), "-o", str(folder / "out.parquet"))
    command = [sys.executable, "-m", "fcv_api.cli", "score", *files, "--rolling"]
    before, start, memory = _children(), time.perf_counter(), 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            memory = max(memory, proportional([process.pid]))
            time.sleep(EVERY)
    wall = time.perf_counter() - start
    windows = pq.read_metadata(folder / "out.parquet").num_rows
    return Run(rows, windows, wall, _children() - before, memory)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print_fit(name: str, rows: np.ndarray, seconds: np.ndarray) -> None:
    slope, start = np.polyfit(rows / 1e6, seconds, 1)
    left = seconds - (start + slope * rows / 1e6)
    explained = 1 - (left**2).sum() / ((seconds - seconds.mean()) ** 2).sum()
    print(f"{name}: {start:.1f} s + {slope:.2f} s for each million rows (R² {explained:.4f})")
    exponent = np.polyfit(np.log(rows), np.log(seconds - min(start, seconds.min() / 2)), 1)[0]
    print(f"{name}, without the start: rows to the power of {exponent:.2f}")


if __name__ == "__main__":
    main()
