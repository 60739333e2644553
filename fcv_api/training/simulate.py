"""Simulated stays: a documented, seeded stand-in for the data that nobody may publish.

A model that learnt from them knows the simulator, not patients.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.domain.window import Matrix
from fcv_api.training.artefacts import with_artefacts
from fcv_api.training.courses import draw_course
from fcv_api.training.dataset import Cohort, Label
from fcv_api.training.monitor import measure
from fcv_api.training.parameters import P
from fcv_api.training.patients import draw_patient
from fcv_api.training.physiology import live

FIRST_DAY = np.datetime64("2024-01-01T00:00:00", "us")
SEEDS = 1_000_000
"""Seeds whose stays have numbers of their own; the numbers of higher ones come again."""
SECOND = np.timedelta64(1_000_000, "us")
ARTEFACTS = 1
"""Sets the random numbers of artefacts apart from those of a stay."""


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """One simulated stay, as a ward's export would hold it.

    onset: when the state began; None for `NONE_OF_THESE`. instants: (t,) datetime64[us], one a scan, all signs alike.
    values: (t, 9) in the order of `vitals.SIGNS`, NaN where nothing was exported.
    """

    id: int
    state: State
    onset: np.datetime64 | None
    instants: NDArray[np.datetime64]
    values: Matrix


def first_id(seed: int) -> int:
    """Return the number of a seed's first stay: two seeds share no stay's number, and so no simulated patient."""
    return 100_000 + (seed - 1) % SEEDS * 1_000_000


def simulate(count: int, seed: int, first_id: int = 100_000, spoilt: float = 0.0) -> Iterator[Stay]:
    """Return `count` stays. The same seed gives the same stays, and the first of them whatever the count is.

    spoilt: the share of stays whose tables have a monitor's artefacts; the others are as they are without it.
    """
    for number in range(count):
        dice = np.random.default_rng([seed, number, ARTEFACTS])
        stay = _stay(first_id + number, np.random.default_rng([seed, number]))
        yield _spoil(stay, dice) if dice.random() < spoilt else stay


def _stay(number: int, dice: np.random.Generator) -> Stay:
    patient, course = draw_patient(dice), draw_course(dice)
    start = FIRST_DAY + int(dice.integers(0, 365 * 24 * 3600)) * SECOND
    clock = float((start - start.astype("datetime64[D]")) / SECOND) / 3600
    values = measure(live(patient, course, clock, dice), course.minutes, dice)
    seconds = course.minutes * 60 + np.clip(dice.normal(0, P["scan.jitter"], len(course.minutes)), -60, 60)
    instants = start + np.round(seconds).astype(np.int64) * SECOND
    onset = None if course.onset is None else start + int(course.onset * 60) * SECOND
    return Stay(number, course.state, onset, instants, values)


def _spoil(stay: Stay, dice: np.random.Generator) -> Stay:
    instants, values = with_artefacts(stay.instants, stay.values, dice)
    return replace(stay, instants=instants, values=values)


def cohort_of(stays: Iterable[Stay]) -> Cohort:
    """Read stays as encounters, without the way over a file. Each is a patient's only one."""
    kept = list(stays)
    labels = {stay.id: Label(stay.state, stay.onset, str(stay.id)) for stay in kept}
    return Cohort([_encounter(stay) for stay in kept], labels)


def _encounter(stay: Stay) -> Encounter:
    rows, signs = np.nonzero(~np.isnan(stay.values))
    return Encounter(stay.id, signs.astype(np.intp), stay.values[rows, signs], stay.instants[rows])
