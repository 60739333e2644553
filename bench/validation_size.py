"""Measure what a validation of millions of windows takes, from when they are scored to the page.

    .venv/bin/python -m bench.validation_size 5000000

Stays, states, signs and gaps are made up, and so is what a model says of them. All after that is the command's own
code: gathering, flow, split, drift, simpler scorers, areas, calibration, alarms, subgroups, JSON and both pages.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np
import orjson

from fcv_api.cli.validate import report_on
from fcv_api.cli.validation_task import Task
from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.settings import Settings
from fcv_api.training.dataset import NONE, Label
from fcv_api.validation.gathered import FEATURES, Block, Gatherer, StayFacts
from fcv_api.validation.members import Subject

WINDOWS, STEP, HORIZON = 90, np.timedelta64(5, "m"), 30.0
"""Of a stay: seven and a half hours at a window in five minutes."""
START, APART = np.datetime64("2025-01-01T00:00:00", "us"), np.timedelta64(10, "m")
ILL = [place for place in range(len(CLASSES)) if place != NONE]
SHARE, RETURNING, GAPS = 0.03, 0.05, 0.05
"""Of stays: each state's share, and those of a patient who has another one. Of windows: those with a sign's gap."""
SITES, UNITS, AGES, SEXES = "abc", "ABCDEFGH", ("under 40", "40 to 59", "60 to 74", "75 and over"), "FM"
SAID = {
    "reference": "fcv-sim/2.0.0",
    "horizon": HORIZON,
    "split": "temporal",
    "early": 0.4,
    **dict.fromkeys(("version", "policy", "since", "refit")),
    "every": 1,
}
"""What `fcv validate` is asked for where nothing else is said."""


def measure(windows: int) -> dict[str, Any]:
    """Return the seconds of processor time and the peak memory in MB, of gathering and of the report."""
    with TemporaryDirectory(prefix="fcv-validate-") as folder:
        out = Path(folder)
        files = out / "export.csv", out / "outcomes.csv"
        for file in files:
            file.write_text("made up\n", "utf-8")
        task = Task.of(Settings.from_environment(), SAID | {"out": out})
        began, peak = time.process_time(), Peak()
        gatherer = gather(out, windows // WINDOWS, _spread(task.manifest.drift or {}))
        whole = gatherer.together()
        gathered = {"seconds": round(time.process_time() - began), "peak_mb": peak.so_far()}
        report_on(task, whole, Subject(task.manifest, task.horizon, "unstated", files, overlap_checked=True))
        return {
            "windows": len(whole),
            "stays": windows // WINDOWS,
            "gathered": gathered,
            "seconds": round(time.process_time() - began),
            "peak_mb": peak.so_far(),
            "peak_without_file_pages_mb": peak.own(),
            "report_kb": round((out / "report.json").stat().st_size / 1000),
        }


def gather(folder: Path, stays: int, spread: Matrix) -> Gatherer:
    """Return made-up stays, one after the other. spread: (9, 2), usual value and deviation of each sign."""
    dice, gatherer = np.random.default_rng(1), Gatherer(folder)
    states = dice.choice([*ILL, NONE], stays, p=[*[SHARE] * len(ILL), 1 - SHARE * len(ILL)])
    for number, state in enumerate(states.tolist(), 1):
        first = START + number * APART
        end = first + np.arange(WINDOWS) * STEP
        onset = None if state == NONE else first + int(dice.integers(20, WINDOWS)) * STEP
        patient = str(number - 1 if dice.random() < RETURNING else number)
        site, unit, age, sex = (kinds[number % len(kinds)] for kinds in (SITES, UNITS, AGES, SEXES))
        facts = StayFacts(number, patient, first, end[-1], asked=WINDOWS)
        facts.site, facts.unit, facts.age, facts.sex = site, unit, age, sex
        gatherer.stays[number] = facts
        gatherer.labels[number] = Label(CLASSES[state], onset, patient)
        gatherer.sites[number] = site
        gatherer.add(_block(number, end, (state, onset), (dice, spread)))
    return gatherer


def _block(
    number: int, end: np.ndarray[Any, Any], became: tuple[int, Any], made: tuple[np.random.Generator, Matrix]
) -> Block:
    """Return a stay's windows: the model sees an onset coming, and so do two signs."""
    (state, onset), (dice, spread) = became, made
    lead = np.full(WINDOWS, np.nan) if onset is None else (onset - end) / np.timedelta64(1, "m")
    near = lead <= HORIZON
    label = np.where(near, state, NONE)
    logits = dice.normal(0, 1, (WINDOWS, len(CLASSES))) + dice.normal(0, 0.5, len(CLASSES))
    logits[:, NONE] += 4
    logits[near, state] += 2
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    last = spread[:, 0] + spread[:, 1] * (dice.normal(0, 1, (WINDOWS, 9)) + near[:, np.newaxis] * np.eye(9)[state])
    features = np.tile(last, FEATURES // 9)
    gaps, ids = dice.random((WINDOWS, 9)) < GAPS, np.full(WINDOWS, number)
    return Block(ids, end, label, lead, said, features, gaps, np.zeros(WINDOWS, dtype=np.bool_))


def _spread(reference: dict[str, Any]) -> Matrix:
    """Return what signs are like where the model was trained, (9, 2), from the deciles in its manifest."""
    return np.array([(each[len(each) // 2], (each[-1] - each[0]) / 2.56) for each in reference["edges"]])


class Peak:
    """The most memory so far, in MB; without the pages of files, looked at ten times a second."""

    def __init__(self) -> None:
        """Begin to look."""
        self._own = 0.0
        Thread(target=self._look, daemon=True).start()

    def so_far(self) -> int:
        """Return the most of all, as the system counts it."""
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    def own(self) -> int:
        """Return the most of what is no file's page."""
        return round(self._own)

    def _look(self) -> None:
        pause = Event()
        while not pause.wait(0.1):
            lines = Path("/proc/self/status").read_text("utf-8").splitlines()
            own = next(line.split()[1] for line in lines if line.startswith("RssAnon"))
            self._own = max(self._own, int(own) / 1024)


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # what the command itself prints
        measured = measure(int(sys.argv[1]))
    print(orjson.dumps(measured, option=orjson.OPT_INDENT_2).decode())
