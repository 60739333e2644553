"""Windows of a hospital that was made up: known truth, no simulator, no model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import NONE, Label
from fcv_api.validation.gathered import FEATURES, Block, Gathered, Gatherer, StayFacts

ILL_PLACES = [place for place in range(len(CLASSES)) if place != NONE]
START = np.datetime64("2025-01-01T00:00:00", "us")
DAY, STEP = np.timedelta64(1, "D"), np.timedelta64(5, "m")
WINDOWS, NEAR = 24, 6
"""Of a stay, and those of them that end within half an hour before the onset."""


def made_up(folder: Path, events: int = 30, well: int = 60, signal: float = 2.0, seed: int = 1) -> Gathered:
    """Return a stay a day: `events` of each ill state among `well` others. signal: how much the model knows."""
    folder.mkdir(exist_ok=True)
    dice, gatherer = np.random.default_rng(seed), Gatherer(folder)
    states = dice.permutation([*np.repeat(ILL_PLACES, events), *[NONE] * well])
    for number, state in enumerate(states.tolist(), 1):
        first = START + number * DAY
        end = first + np.arange(WINDOWS) * STEP
        onset = None if state == NONE else end[-1] + STEP
        label = np.full(WINDOWS, NONE)
        label[-NEAR:] = state
        lead = np.full(WINDOWS, np.nan) if onset is None else (onset - end) / np.timedelta64(1, "m")
        gatherer.stays[number] = StayFacts(number, str(number), first, end[-1], asked=WINDOWS)
        gatherer.labels[number] = Label(CLASSES[state], onset, str(number))
        logits = dice.normal(0, 1, (WINDOWS, 4)) + signal * np.eye(4)[label]
        logits[:, NONE] += 2
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        features = dice.normal(np.repeat(label[:, np.newaxis], FEATURES, axis=1) * 0.3, 1)
        flags = np.zeros((WINDOWS, 9), dtype=np.bool_)
        ids = np.full(WINDOWS, number, dtype=np.int64)
        gatherer.add(Block(ids, end, label, lead, probabilities, features, flags, flags[:, 0]))
    return gatherer.together()
