"""All windows of one encounter at once, each with the very numbers that `last_window` gives it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.limits import CARRIED, STATIC
from fcv_api.domain.quality import Raw
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import MINUTE, History, Matrix, WindowSpec, last_window

Cell = TypeVar("Cell", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """w windows of n instants: each ends at an instant of the encounter, from the n-th on.

    values, measured: (n, w, 9) by the order of `vitals.SIGNS`: what is done along a window's instants is then done to
    all windows alike, to the last bit. counts: (w, 9), how many cells were measured. last_measured: (w, 9), also before
    the window; NaT for never. first, last: (w,), each window's instants.
    """

    history: History
    spec: WindowSpec
    values: Matrix
    measured: NDArray[np.bool_]
    counts: NDArray[np.intp]
    last_measured: NDArray[np.datetime64]

    @classmethod
    def of(cls, encounter: Encounter, spec: WindowSpec) -> Rolling:
        """Cut all windows of an encounter. Raises TooFewInstants where it has none."""
        history = History.of(encounter)
        if len(history.instants) < spec.instants:
            last_window(history, spec)  # raises
        found = ~np.isnan(history.measured)  # (t, 9)
        measured = _windows(found, spec.instants)
        last_measured = _last_measured(history, found)[spec.instants - 1 :]
        return cls(history, spec, _filled(history, found, spec), measured, measured.sum(axis=0), last_measured)

    def __len__(self) -> int:
        return len(self.last)

    @property
    def first(self) -> NDArray[np.datetime64]:
        """(w,)."""
        return self.history.instants[: len(self.history.instants) - self.spec.instants + 1]

    @property
    def last(self) -> NDArray[np.datetime64]:
        """(w,)."""
        return self.history.instants[self.spec.instants - 1 :]

    def scaled(self) -> Matrix:
        """Give what the model reads, (n, w, 9) in its own order of signs."""
        if self.spec.signs == SIGN_NAMES:
            return self.spec.scale(self.values)
        order = [INDEX_BY_NAME[name] for name in self.spec.signs]
        return self.spec.scale(np.ascontiguousarray(self.values[:, :, order]))

    def refused(self) -> NDArray[np.bool_]:
        """Tell, (w,), which windows `last_window` refuses."""
        minutes = (self.last - self.first) / MINUTE
        usable = (self.spec.span_minutes / 2 <= minutes) & (minutes <= self.spec.span_minutes * 2)
        carried = self.first[:, np.newaxis] - self.last_measured <= CARRIED  # false for NaT
        missing = (self.counts == 0) & ~STATIC & ~carried
        refused: NDArray[np.bool_] = ~usable | missing.any(axis=1)
        return refused

    def raw(self, window: int, *, as_then: bool) -> Raw:
        """Give one window as its warnings are told from. as_then: without what was sent after it."""
        encounter, end = self.history.encounter, window + self.spec.instants
        return Raw(
            encounter.until(self.last[window]) if as_then else encounter,
            self.values[:, window],
            self.measured[:, window],
            self.last_measured[window],
            self.history.instants[window:end],
            self.spec.step_minutes,
        )


def _windows(table: NDArray[Cell], length: int) -> NDArray[Cell]:
    """Give, (length, w, 9), each window of a table, (t, 9)."""
    return np.array(sliding_window_view(table, length, axis=0).transpose(2, 0, 1), order="C")


def _filled(history: History, found: NDArray[np.bool_], spec: WindowSpec) -> Matrix:
    """Fill the gaps at the top of each window from the first measurement inside it, as `backward_fill` does."""
    values = _windows(history.filled, spec.instants)
    for sign in np.flatnonzero(~found[0] & found.any(axis=0)):
        first = int(found[:, sign].argmax())  # before it there are gaps, and after it none
        rows = np.arange(values.shape[1]) + np.arange(spec.instants)[:, np.newaxis]  # (n, w), in the history
        inside = (rows < first) & (rows[-1] >= first)
        values[:, :, sign] = np.where(inside, history.filled[first, sign], values[:, :, sign])
    return values


def _last_measured(history: History, found: NDArray[np.bool_]) -> NDArray[np.datetime64]:
    """Give, (t, 9), when each sign was last measured, up to each instant; NaT for never."""
    rows = np.arange(len(found))[:, np.newaxis]
    source = np.maximum.accumulate(np.where(found, rows, -1), axis=0)
    return np.where(source >= 0, history.instants[source], np.datetime64("NaT"))
