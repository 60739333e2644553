"""A raw window as its warnings are read from: in the order of `vitals.SIGNS`, with what several of them need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.messages import Pair
from fcv_api.domain.samples import Samples
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
INSTANTS, SLOTS = ("instants", "instantes"), ("slots", "intervalos")


@dataclass(frozen=True, eq=False)
class Raw:
    """A window by the order of `vitals.SIGNS`, whatever the model's is, and the encounter as known at its end.

    values, measured: (instants, 9). last_measured: (9,), NaT for never. instants: (instants,).
    step_minutes: between instants, as the model was trained. samples: what lies inside the window's slots, if it is one
    of slots.
    """

    encounter: Encounter
    values: Matrix
    measured: NDArray[np.bool_]
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]
    step_minutes: float
    samples: Samples | None = None

    @classmethod
    def of(cls, encounter: Encounter, window: Window, spec: WindowSpec) -> Raw:
        """Put the columns of a model's window in order."""
        order = slice(None) if spec.signs == SIGN_NAMES else [spec.signs.index(name) for name in SIGN_NAMES]
        values, measured = window.raw[:, order], window.measured[:, order]
        last = window.last_measured[order]
        return cls(encounter, values, measured, last, window.instants, spec.step_minutes, window.samples)

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

    @cached_property
    def level(self) -> Vector:
        """(9,): the middle of each sign's last three measurements."""
        return middle_of_last(self.values, self.measured)

    @cached_property
    def change(self) -> tuple[Vector, Vector]:
        """Return where each sign was at the window's start, and how far it has moved: see `changes`."""
        return changes(self.values, self.measured, self.level)


def middle_of_last(values: Matrix, measured: Flags) -> Vector:
    """Return each sign's median of its last three measurements in a window, or of how many it has.

    Of a sign without any, its last value. values, measured: (n, ..., 9), oldest row first. Returns (..., 9).
    """
    middle: Vector = np.sort(values[-limits.LAST_ROWS :], axis=0)[1]
    gaps = ~measured[-limits.LAST_ROWS :].all(axis=0)
    if gaps.any():
        middle[gaps] = _middle_between_gaps(values[:, gaps], measured[:, gaps])
    return middle


def _middle_between_gaps(values: Matrix, measured: Flags) -> Vector:
    """Return the same, (g,), of columns whose last three cells were not all measured. values, measured: (n, g)."""
    rank = np.cumsum(measured[::-1], axis=0)[::-1]  # 1 for the last measurement
    ordered = np.sort(np.where(measured & (rank <= limits.LAST_ROWS), values, inf), axis=0)
    of_two, of_three = (ordered[0] + ordered[1]) / 2, ordered[1]
    middle: Vector = np.choose(np.minimum(rank[0], limits.LAST_ROWS), [values[-1], ordered[0], of_two, of_three])
    return middle


def changes(values: Matrix, measured: Flags, level: Vector) -> tuple[Vector, Vector]:
    """Return, each (..., 9), the middle of the first three measurements, and that of the last less it.

    The difference is 0 where a sign was measured fewer than six times: then both would read the same cells.
    """
    first = middle_of_last(values[::-1], measured[::-1])
    difference = level - first
    if not measured.all():
        difference[measured.sum(axis=0) < limits.TREND_CELLS] = 0
    return first, difference


def is_level(level: Vector) -> Flags:
    """Return, (..., 9), which signs have a level that somebody must look at."""
    flags: Flags = (level <= limits.LEVEL_LOW) | (level >= limits.LEVEL_HIGH)
    return flags


def is_notable(level: Vector) -> Flags:
    """Return, (..., 9), which signs have a level that counts where several have one."""
    flags: Flags = (level <= limits.NOTABLE_LOW) | (level >= limits.NOTABLE_HIGH)
    return flags


def is_trend(first: Vector, difference: Vector) -> Flags:
    """Return, (..., 9), which signs moved further than a stable patient's do.

    The perfusion index is skewed, and moves by shares: it counts when it is poor, and was far better.
    """
    flags: Flags = (difference <= -limits.FALL) | (difference >= limits.RISE)
    before, fallen = first[..., limits.PERFUSION], difference[..., limits.PERFUSION]
    last = before + fallen
    flags[..., limits.PERFUSION] = (last <= limits.PERFUSION_LEFT * before) & (last <= limits.POOR) & (fallen < 0)
    return flags
