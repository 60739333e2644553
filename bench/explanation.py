"""Measure explanations: whether noise changes them, whether they say what moved the score, and what they cost.

    python -m bench.explanation [--stays 400] [--seed 1700] [--write]

The noise is half of one scan's of the simulator (`training/parameters.py`). `--write` puts what was found into
bench/explanation.md. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np

from bench.bodies import BODIES
from bench.request import post, service
from fcv_api.domain.explanation import explain, without
from fcv_api.domain.prediction import Scorer, State, probabilities_of
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import Matrix
from fcv_api.lstm.registry import SHIPPED_IN, Registry
from fcv_api.training.dataset import Horizon, LabelledWindows, cut_windows
from fcv_api.training.evaluate import score_windows, spec_in_order
from fcv_api.training.parameters import P
from fcv_api.training.physiology import HEART_RATE, PERFUSION, PULSE, RESPIRATION, SATURATION, TEMPERATURE
from fcv_api.training.simulate import cohort_of, simulate

WINDOWS = 300
LEASTS = (0.0, 0.05, 0.1, 0.2)
ROUNDS = 15
PAGE = Path(__file__).with_suffix(".md")
MARK = "<!-- measured -->\n"


def main() -> None:
    """Print what was found, and write it where that is wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stays", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1700)
    parser.add_argument("--write", action="store_true")
    said = parser.parse_args()
    model = Registry(SHIPPED_IN).load(None)
    windows = cut_windows(cohort_of(simulate(said.stays, said.seed)), spec_in_order(model), Horizon(30, 2))
    score = 1 - score_windows(model, windows)[:, 2]
    rows = [_row(model, windows, score, least) for least in LEASTS]
    explained, served = _cost(model, windows)
    machine = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        f"{machine}: {len(windows):,} windows of {said.stays} stays of seed {said.seed}; model {model.identity}.",
        "",
        "| windows with a score of at least | drawn | same first sign | score lower without the first two |",
        "|---|---|---|---|",
        *rows,
        "",
        f"One explanation: {explained:.2f} ms of processor time, {explained / served:.2f} times that of a request of",
        f"1,925 rows ({served:.2f} ms): medians of {ROUNDS} interleaved rounds.",
        "",
    ]
    print("\n".join(lines))
    if said.write:
        head = PAGE.read_text("utf-8").partition(MARK)[0]
        PAGE.write_text(head + MARK + "\n" + "\n".join(lines), "utf-8")


def _row(model: Scorer, windows: LabelledWindows, score: Matrix, least: float) -> str:
    """Draw windows, and return what came of them."""
    drawn = np.random.default_rng(1).permutation(np.flatnonzero(score >= least))[:WINDOWS]
    same, lower = measure(model, windows.raw[drawn])
    return f"| {least:g} | {len(drawn)} | {same:.1%} | {lower:.1%} |"


def measure(model: Scorer, raws: Matrix) -> tuple[float, float]:
    """Return in which share noise leaves the first sign, and in which the score is lower without the first two.

    raws: (n, instants, 9).
    """
    dice, same, lower = np.random.default_rng(2), 0, 0
    for raw in raws:
        found, noisy = explain(raw, model), explain(noised(raw, dice), model)
        same += found.effects[0].signs == noisy.effects[0].signs
        lower += _without_two(raw, found.effects[0].signs + found.effects[1].signs, model) < found.score
    return same / len(raws), lower / len(raws)


def _without_two(raw: Matrix, signs: tuple[str, ...], model: Scorer) -> float:
    names = model.spec.signs
    scaled = model.spec.scale(raw[:, [INDEX_BY_NAME[name] for name in names]])
    return 1 - probabilities_of(model.score(without(scaled, signs, names)), model)[State.NONE_OF_THESE]


def noised(raw: Matrix, dice: np.random.Generator) -> Matrix:
    """Add half of one scan's noise: pulse follows heart rate, and has some of its own."""
    noise = dice.normal(size=raw.shape) / 2
    noisy = raw.copy()
    heart = P["noise.heart_rate"] * noise[:, HEART_RATE]
    noisy[:, HEART_RATE] += heart
    noisy[:, PULSE] += heart + P["noise.pulse"] * noise[:, PULSE]
    noisy[:, PERFUSION] *= np.exp(P["noise.perfusion"] * noise[:, PERFUSION])
    for sign, name in ((RESPIRATION, "respiration"), (SATURATION, "saturation"), (TEMPERATURE, "temperature")):
        noisy[:, sign] += P[f"noise.{name}"] * noise[:, sign]
    return noisy


def _cost(model: Scorer, windows: LabelledWindows) -> tuple[float, float]:
    """Return the processor time of an explanation and of a served request, in ms, measured in turn."""
    with tempfile.TemporaryDirectory() as folder:
        app, token = service(Path(folder))
        spent: tuple[list[float], list[float]] = [], []
        for number in range(ROUNDS):
            raw = windows.raw[number]
            began = process_time()
            for _ in range(20):
                explain(raw, model)
            middle = process_time()
            for _ in range(20):
                post(app, token, "/predict", BODIES["real"])
            spent[0].append((middle - began) * 50)
            spent[1].append((process_time() - middle) * 50)
    return statistics.median(spent[0]), statistics.median(spent[1])


if __name__ == "__main__":
    main()
