"""All windows of one encounter at once, each with the very numbers that `last_window` gives it alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.limits import CARRIED, STATIC
from fcv_api.domain.quality import levels_of
from fcv_api.domain.raw_window import Cells, Raw
from fcv_api.domain.samples import Samples, Sampling
from fcv_api.domain.slots import before_newest, last_slots, step_of, window_as_sent
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import MINUTE, History, Matrix, WindowSpec, last_window

INSTANT = np.timedelta64(1, "us")


@dataclass(frozen=True, slots=True, eq=False)
class WindowRows:
    """Where the n rows of w windows come from.

    at: (n, w), the row of the history whose filled values a row has. ends: (n, w), a row's instant or its slot's end.
    after: (n, w), a measurement later than this is the row's own. -1 and NaT where there are fewer slots than rows.
    first: (w,), the first row of the history inside the window. resampled: (w,), whether the rows are slots.
    """

    at: NDArray[np.intp]
    ends: NDArray[np.datetime64]
    after: NDArray[np.datetime64]
    first: NDArray[np.intp]
    resampled: NDArray[np.bool_]

    @classmethod
    def of(cls, instants: NDArray[np.datetime64], spec: WindowSpec) -> WindowRows:
        """Take the last instants; where they are too dense, the last slots. instants: (t,), not fewer than n."""
        newest = np.arange(spec.instants - 1, len(instants))
        at = newest + np.arange(1 - spec.instants, 1)[:, np.newaxis]
        ends = instants[at]
        after = ends - INSTANT
        dense = (ends[-1] - ends[0]) / MINUTE < spec.span_minutes / 2
        if dense.any():
            step = step_of(spec)
            at[:, dense], ends[:, dense] = last_slots(instants, newest[dense], step, spec.instants)
            after[:, dense] = ends[:, dense] - step
        return cls(at, ends, after, np.searchsorted(instants, after[0], side="right"), dense)

    def since(self, row: int) -> NDArray[np.datetime64]:
        """Return, (w,), after when the last so many rows of each window lie."""
        after: NDArray[np.datetime64] = self.after[-row:][0]
        return after


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """w windows of n rows: each ends at an instant of the encounter, from the n-th on.

    A window's rows are instants, or, where those are too dense, slots laid from the window's own last instant.
    values, measured: (n, w, 9) by the order of `vitals.SIGNS`: what is done along a window's rows is then done to
    all windows alike, to the last bit. counts: (w, 9), how many cells were measured. last_measured: (w, 9), also before
    the window; NaT for never. rows: where they come from. ordered: the encounter, by time. sent: (t + 1,), how many of
    its rows lie before each instant.
    """

    history: History
    spec: WindowSpec
    rows: WindowRows
    values: Matrix
    measured: NDArray[np.bool_]
    counts: NDArray[np.intp]
    last_measured: NDArray[np.datetime64]
    ordered: Encounter
    sent: NDArray[np.intp]

    @classmethod
    def of(cls, encounter: Encounter, spec: WindowSpec) -> Rolling:
        """Cut all windows of an encounter. Raises TooFewInstants where it has none."""
        history = History.of(encounter)
        if len(history.instants) < spec.instants:
            last_window(history, spec)  # raises
        rows = WindowRows.of(history.instants, spec)
        last = _last_measured(history)
        measured = last[rows.at] > rows.after[:, :, np.newaxis]
        values = _filled_backward(_filled_forward(history, spec, rows))
        counts, ordered = measured.sum(axis=0), encounter.in_order()
        sent = np.append(np.searchsorted(ordered.instants, history.instants), len(ordered.instants))
        return cls(history, spec, rows, values, measured, counts, last[spec.instants - 1 :], ordered, sent)

    def __len__(self) -> int:
        return len(self.last)

    @property
    def first(self) -> NDArray[np.datetime64]:
        """(w,). NaT where there are fewer slots than rows."""
        first: NDArray[np.datetime64] = self.rows.ends[0]
        return first

    @property
    def last(self) -> NDArray[np.datetime64]:
        """(w,)."""
        last: NDArray[np.datetime64] = self.rows.ends[-1]
        return last

    @property
    def cells(self) -> Cells:
        """Return all windows as their warnings are looked for."""
        return Cells(self.values, self.measured, self.last_measured, self.rows.ends, self.spec.step_minutes)

    def scaled(self) -> Matrix:
        """Return what the model reads, (n, w, 9) in its own order of signs."""
        if self.spec.signs == SIGN_NAMES:
            return self.spec.scale(self.values)
        order = [INDEX_BY_NAME[name] for name in self.spec.signs]
        return self.spec.scale(np.ascontiguousarray(self.values[:, :, order]))

    def refused(self) -> NDArray[np.bool_]:
        """Return, (w,), which windows may be refused: all that are, and of slots perhaps a few that are not."""
        minutes = (self.last - self.first) / MINUTE  # NaN, and so refused, where there are too few slots
        usable = (self.spec.span_minutes / 2 <= minutes) & (minutes <= self.spec.span_minutes * 2)
        carried = self.first[:, np.newaxis] - self.last_measured <= CARRIED  # false for NaT
        missing = (self.counts == 0) & ~STATIC & ~carried
        refused: NDArray[np.bool_] = ~usable | missing.any(axis=1)
        return refused

    def refusals(self) -> dict[int, Unscorable]:
        """Have each window that is refused explained by the code that cuts one window."""
        found: dict[int, Unscorable] = {}
        for window in np.flatnonzero(self.refused()).tolist():
            try:
                window_as_sent(self.history.until(window + self.spec.instants), self.spec)
            except Unscorable as reason:
                found[window] = reason
        return found

    def raw(self, window: int, *, as_then: bool) -> Raw:
        """Return one window as its warnings are read from. as_then: with its rows, and without what was sent later."""
        first, end = int(self.rows.first[window]), window + self.spec.instants
        rows = slice(self.sent[first], self.sent[end])
        values, measured = self.values[:, window], self.measured[:, window]
        last, instants, step = self.last_measured[window], self.rows.ends[:, window], self.spec.step_minutes
        encounter = self.ordered.rows(rows).until(self.last[window]) if as_then else self.ordered
        samples = self._samples(first, end, rows) if self.rows.resampled[window] else None
        return Raw(values, measured, last, instants, step, levels_of(values, measured), encounter, samples)

    def _samples(self, first: int, end: int, rows: slice) -> Samples:
        history = self.history
        instants, measured = history.instants[first:end], history.measured[first:end]
        return Samples(instants, measured, int(rows.stop - rows.start), step_of(self.spec), self.spec.sampling)


def _filled_forward(history: History, spec: WindowSpec, rows: WindowRows) -> Matrix:
    """Return the rows of all windows, (n, w, 9), each gap filled from what was measured before it.

    The means of slots are taken window by window, for each lays its slots from its own newest instant.
    """
    values = history.filled[rows.at]
    if spec.sampling is Sampling.MEAN:
        for window in np.flatnonzero(rows.resampled).tolist():
            means = before_newest(history.until(window + spec.instants), spec).filled[-spec.instants :]
            values[-len(means) :, window] = means
    return values


def _filled_backward(values: Matrix) -> Matrix:
    """Fill the gaps at the top of each window from the first measurement inside it, in place. values: (n, w, 9)."""
    for sign in np.flatnonzero(np.isnan(values).any(axis=(0, 1))):
        column = values[:, :, sign]
        for row in reversed(range(len(values) - 1)):
            column[row] = np.where(np.isnan(column[row]), column[row + 1], column[row])
    return values


def _last_measured(history: History) -> NDArray[np.datetime64]:
    """Return, (t, 9), when each sign was last measured, up to each instant; NaT for never."""
    found = ~np.isnan(history.measured)
    rows = np.arange(len(found))[:, np.newaxis]
    source = np.maximum.accumulate(np.where(found, rows, -1), axis=0)
    return np.where(source >= 0, history.instants[source], np.datetime64("NaT"))
