"""A raw window as its warnings are read from: in the order of `vitals.SIGNS`, with what several of them need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.messages import Pair
from fcv_api.domain.samples import Samples
from fcv_api.domain.window import MINUTE, Matrix

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
INSTANTS, SLOTS = ("instants", "instantes"), ("slots", "intervalos")


@dataclass(frozen=True, eq=False)
class Cells:
    """One window, or w of them at once. values, measured: (n, ..., 9), oldest row first.

    last_measured: (..., 9), NaT for never. instants: (n, ...). step_minutes: between them, as the model was trained.
    """

    values: Matrix
    measured: Flags
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]
    step_minutes: float


@dataclass(frozen=True, eq=False)
class Levels:
    """What the last three measurements of each sign say together, each (..., 9).

    level: their median. start: that of the window's first three. change: the one less the other.
    grave: levels that somebody must look at. notable: that count where several are. moved: changes that are far.
    several: (...), whether so many are notable, or seriously so.
    """

    level: Vector
    start: Vector
    change: Vector
    grave: Flags
    notable: Flags
    moved: Flags
    several: Flags


@dataclass(frozen=True, eq=False)
class Raw(Cells):
    """One window, and its encounter as known at its end. samples: what lies inside its slots, if it is one of slots."""

    levels: Levels
    encounter: Encounter
    samples: Samples | None = None

    @property
    def kind(self) -> Pair:
        """Return what a row of the window is, in both languages."""
        return INSTANTS if self.samples is None else SLOTS

    @cached_property
    def measurements(self) -> Matrix:
        """(k, 9), NaN where nothing was measured: the instants; of slots every instant inside them."""
        if self.samples is None:
            return np.where(self.measured, self.values, np.nan)
        return self.samples.values

    @cached_property
    def recent(self) -> int:
        """Return the first row of `measurements` that lies in the last rows of the window."""
        return self.since(limits.LAST_ROWS)

    def since(self, rows: int) -> int:
        """Return the first row of `measurements` that lies in so many of the window's last rows."""
        if self.samples is None:
            return len(self.values) - rows
        return len(self.samples.values) - len(self.samples.since(self.instants[-rows]))

    @cached_property
    def minutes_before_end(self) -> Vector:
        """(k,), of each row of `measurements`."""
        at = self.instants if self.samples is None else self.samples.instants
        before: Vector = (self.instants[-1] - at) / MINUTE
        return before

    @property
    def start(self) -> np.datetime64:
        """Return what every measurement inside the window is later than."""
        step = np.timedelta64(1, "us") if self.samples is None else self.samples.step
        start: np.datetime64 = self.instants[0] - step
        return start
