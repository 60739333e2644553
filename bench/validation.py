"""Measure a validation against truths that are known, because patients are simulated.

    .venv/bin/python -m bench.validation coverage    # do 95 % intervals hold the truth 95 times in 100?
    .venv/bin/python -m bench.validation drift       # false alarms of a month, and a saturation that is 2 points lower
    .venv/bin/python -m bench.validation memory      # peak memory against the number of windows

Each writes its figures into `bench/validation.json`.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT
from fcv_api.training.alarms import Watch
from fcv_api.training.burden import find, share
from fcv_api.training.dataset import NONE, Horizon, LabelledWindows, cut_windows
from fcv_api.training.evaluate import score_windows
from fcv_api.training.observed import Observed, observe, reference_of
from fcv_api.training.report_members import ILL
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.validation.drift import DRIFT, LARGE_DRIFT, compare_with
from fcv_api.validation.figures import Measured, areas_of, calibration_of, named_of, separation_of

RESULTS = ROOT / "bench" / "validation.json"
SEED, FIRST = 7007, 7_000_000_000
POOL, COHORT, REPEATED, EVERY = 4000, 500, 200, 4
THRESHOLD = 0.05
"""On 1 - P(none of these): what is found at it is a figure too."""
WEEK, MONTHS, REFERENCE, SHIFT = 50, 12, 800, 2.0
"""Stays a week, as of a unit of twenty beds with stays of three days."""
SATURATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"]
SIZES = (300, 600, 1200)
Figures = dict[str, tuple[float, float, float]]
"""By name: value and interval."""


def pool() -> tuple[LabelledWindows, np.ndarray[Any, Any]]:
    """Return the population: windows of simulated stays, and what the shipped model says of each."""
    model = Registry(ROOT / "models").load(None)
    parts, said = [], []
    stays = simulate(POOL, SEED, FIRST, 0.3)
    while some := list(islice(stays, 500)):
        windows = cut_windows(cohort_of(some), WindowSpec(), Horizon(every=EVERY))
        said.append(score_windows(model, windows).astype(np.float32))
        parts.append(replace(windows, raw=np.empty((len(windows), 0, 9)), patient=windows.encounter))
        print(f"  {500 * len(parts)} stays", flush=True)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.and_those(part)
    return whole, np.concatenate(said)


def figures(windows: LabelledWindows, said: np.ndarray[Any, Any]) -> Figures:
    """Return every figure with its interval, as a report gives it."""
    measured = Measured.of(windows, {"model": said})
    found: Figures = {}
    for state, areas in areas_of(measured, separation_of(measured, said)).items():
        found |= {f"{area} {state}": (own["value"], own["low"], own["high"]) for area, own in areas.items()}
    for state in ILL:
        own = calibration_of(measured, state)
        found |= {f"{name} {state}": (own[name], *ends) for name, ends in own["intervals"].items()}
    for state, own in named_of(measured).items():
        found[f"sensitivity {state}"] = own["value"], own["low"], own["high"]
    watch = Watch.of(windows, 1 - said[:, NONE])
    onsets = find(watch, watch.alarms(THRESHOLD))
    early = share(int((onsets.lead >= 15).sum()), len(onsets.lead))  # noqa: PLR2004 - minutes
    found["onsets found 15 minutes ahead"] = early["value"], early["low"], early["high"]
    return found


def cohorts(windows: LabelledWindows, said: np.ndarray[Any, Any]) -> Iterator[Figures]:
    """Draw cohorts from the population, each stay a patient of its own, and yield their figures."""
    names, index = np.unique(windows.encounter, return_inverse=True)
    order = np.argsort(index, kind="stable")
    places = np.split(order, np.flatnonzero(np.diff(index[order])) + 1)
    dice = np.random.default_rng(SEED)
    for _ in range(REPEATED):
        drawn = dice.integers(0, len(names), COHORT)
        at = np.concatenate([places[each] for each in drawn])
        owner = np.repeat(np.arange(COHORT), [len(places[each]) for each in drawn])
        yield figures(replace(windows.where(at), encounter=owner, patient=owner), said[at])


def coverage() -> dict[str, Any]:
    """Return how often the interval of each figure holds the population's."""
    windows, said = pool()
    truth = {name: each[0] for name, each in figures(windows, said).items()}
    held: dict[str, list[bool]] = {name: [] for name in truth}
    for done, found in enumerate(cohorts(windows, said), 1):
        for name, (_, low, high) in found.items():
            held[name].append(low <= truth[name] <= high)
        if done % 20 == 0:
            print(f"  {done} cohorts", flush=True)
    covered = {
        name: {"truth": truth[name], "held": float(np.mean(each)), "of": len(each)} for name, each in held.items()
    }
    return {"population": POOL, "cohort": COHORT, "repeated": REPEATED, "figures": covered}


def drift() -> dict[str, Any]:
    """Return the weeks that were called drift without one, and the weeks in which a lower saturation was found."""
    seen = observe(_stays(1, REFERENCE), WindowSpec())
    reference = reference_of(seen, {"from": "simulated"})
    weeks = [observe(_stays(2 + week, WEEK), WindowSpec()) for week in range(4 * MONTHS)]
    plain = [_drifted(compare_with(reference, week)) for week in weeks]
    lower = [_drifted(compare_with(reference, _lowered(week))) for week in weeks]
    found = sum("distribution MDC_PULS_OXIM_SAT_O2" in each for each in lower)
    return {
        "reference_stays": REFERENCE,
        "stays_a_week": WEEK,
        "months": MONTHS,
        "false_alarms_a_month": sum(map(len, plain)) / MONTHS,
        "named_falsely": sorted({name for each in plain for name in each}),
        "saturation_lower_by": SHIFT,
        "found_within_a_week": found / len(weeks),
    }


def _stays(part: int, count: int) -> Iterator[tuple[Any, str]]:
    cohort = cohort_of(simulate(count, SEED + part, FIRST, 0.3))
    return ((each, str(each.id)) for each in cohort.encounters)


def _lowered(week: Observed) -> Observed:
    last = week.last.copy()
    last[:, SATURATION] -= SHIFT
    return replace(week, last=last)


def _drifted(findings: list[Any]) -> list[str]:
    return [f"{each.what} {each.sign}".strip() for each in findings if each.verdict in (DRIFT, LARGE_DRIFT)]


def memory() -> dict[str, Any]:
    """Return the peak memory of `fcv validate` on exports of some sizes, and what a window adds to it."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for stays in SIZES:
            files = Path(folder) / "e.parquet", Path(folder) / "l.csv"
            fcv("simulate", "--patients", stays, "--seed", 5, *files)
            peak = fcv("validate", *files, "--model", "fcv-sim", "--out", Path(folder) / "report")
            windows = orjson.loads((Path(folder) / "report" / "report.json").read_bytes())["split"]
            count = windows["early_windows"] + windows["late_windows"]
            found.append({"stays": stays, "windows": count, "peak_mb": round(peak / 1024, 1)})
            print(f"  {found[-1]}", flush=True)
    slope, base = np.polyfit([each["windows"] for each in found], [each["peak_mb"] for each in found], 1)
    reckoned = {"bytes_a_window": round(slope * 1e6), "mb_of_5_million_windows": round(base + slope * 5e6)}
    return {"runs": found} | reckoned


def fcv(*arguments: object) -> int:
    """Run a command, and return its peak memory in kB."""
    before = os.fork()
    if before == 0:
        done = subprocess.run(
            [sys.executable, "-m", "fcv_api.cli", *map(str, arguments)], stdout=subprocess.DEVNULL, check=False
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        Path(tempfile.gettempdir(), f"peak-{os.getpid()}").write_text(str(peak))
        os._exit(done.returncode)
    _, status = os.waitpid(before, 0)
    kept = Path(tempfile.gettempdir(), f"peak-{before}")
    peak = int(kept.read_text())
    kept.unlink()
    if status:
        raise SystemExit(f"fcv {arguments[0]} failed.")
    return peak


def main() -> None:
    """Run what is named, and keep its figures beside those of the others."""
    wanted = {"coverage": coverage, "drift": drift, "memory": memory}
    for name in sys.argv[1:] or wanted:
        print(name, flush=True)
        found = wanted[name]()
        known = orjson.loads(RESULTS.read_bytes()) if RESULTS.exists() else {}
        RESULTS.write_bytes(
            orjson.dumps(known | {name: found}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n"
        )
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())


if __name__ == "__main__":
    main()
