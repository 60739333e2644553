"""The window: the last instants of an encounter as the matrix that a model reads.

The steps and limits are those of docs/model.md, "From rows to a window".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import MissingSign, MissingSigns, TooFewInstants, WindowSpan
from fcv_api.domain.samples import Samples
from fcv_api.domain.scaling import Scaling, scale_by_window
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES, SIGNS

Matrix = NDArray[np.float64]
MINUTE = np.timedelta64(1, "m")


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What window a model reads: a property of the model, kept in its manifest."""

    instants: int = 20
    step_minutes: float = 5.0
    signs: tuple[str, ...] = SIGN_NAMES
    scale: Scaling = scale_by_window

    @property
    def span_minutes(self) -> float:
        """Time from the first instant to the last when every step is taken on time: 95 minutes by default."""
        return (self.instants - 1) * self.step_minutes


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """raw: (instants, 9) in the model's order and the signs' own units; a static sign never sent is NaN.

    measured: (instants, 9), true where `raw` was measured, not filled.
    last_measured: (9,), also before the window; NaT for never. instants: (instants,). Both datetime64[us] in UTC.
    signs: the names of the columns. first, last: as the sender said them.
    samples: what was measured inside, where the rows are slots of denser rows; else None.
    """

    raw: Matrix
    measured: NDArray[np.bool_]
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]
    signs: tuple[str, ...]
    first: datetime
    last: datetime
    samples: Samples | None = None

    @property
    def end(self) -> datetime:
        """The last instant, in UTC."""
        moment: datetime = self.instants[-1].astype("datetime64[us]").item()
        return moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One encounter, pivoted and filled forward once: each window of it is a slice.

    instants: (t,), ascending. measured: (t, 9) in the order of `vitals.SIGNS`, NaN where nothing was measured.
    filled: (t, 9), each gap filled from the last measurement before it. So no row knows of a later one.
    """

    encounter: Encounter
    instants: NDArray[np.datetime64]
    measured: Matrix
    filled: Matrix

    @classmethod
    def of(cls, encounter: Encounter) -> History:
        """Pivot an encounter, and fill its gaps forward."""
        instants, measured = pivot(encounter)
        return cls(encounter, instants, measured, forward_fill(measured))

    def until(self, end: int) -> History:
        """Return what was known when the first `end` instants had been measured."""
        return History(self.encounter, self.instants[:end], self.measured[:end], self.filled[:end])


def extract_window(encounter: Encounter, spec: WindowSpec) -> Window:
    """Pivot, fill within the encounter, and keep the last `spec.instants` instants.

    Raises TooFewInstants, WindowSpan or MissingSigns when the result could not be trusted.
    """
    return last_window(History.of(encounter), spec)


def last_window(history: History, spec: WindowSpec) -> Window:
    """Return the window that ends with a history. Raises what `extract_window` raises."""
    encounter, instants, measured = history.encounter, history.instants, history.measured
    if len(instants) < spec.instants:
        raise _too_few(encounter, instants, spec)
    kept = instants[-spec.instants :]
    _check_span(encounter, kept, spec)
    _check_measured(encounter, instants, measured, spec)
    raw = backward_fill(history.filled[-spec.instants :])  # (instants, 9)
    order = slice(None) if spec.signs == SIGN_NAMES else [INDEX_BY_NAME[name] for name in spec.signs]
    return Window(
        raw=np.ascontiguousarray(raw[:, order]),  # the order of cells in memory decides the last bits of their mean
        measured=~np.isnan(measured[-spec.instants :])[:, order],
        last_measured=last_measured(instants, measured)[order],
        instants=kept,
        signs=spec.signs,
        first=encounter.as_sent(kept[0]),
        last=encounter.as_sent(kept[-1]),
    )


def pivot(encounter: Encounter) -> tuple[NDArray[np.datetime64], Matrix]:
    """One row per distinct instant with a measurement, one column per sign of `vitals.SIGNS`.

    Returns instants (t,), ascending, and values (t, 9): the mean where a sign has several, NaN where it has none.
    """
    present = ~np.isnan(encounter.values)
    microseconds, rows = np.unique(encounter.instants[present].view(np.int64), return_inverse=True)
    cells = rows * len(SIGNS) + encounter.signs[present]
    size = len(microseconds) * len(SIGNS)
    counts = np.bincount(cells, minlength=size)
    sums = np.bincount(cells, weights=encounter.values[present], minlength=size)
    means = np.full(size, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return microseconds.view(encounter.instants.dtype), means.reshape(-1, len(SIGNS))


def last_measured(instants: NDArray[np.datetime64], measured: Matrix) -> NDArray[np.datetime64]:
    """Return, (9,), when each sign was last measured; NaT for never. measured: (t, 9), NaN where it was not."""
    found = ~np.isnan(measured[::-1])
    back = found.argmax(axis=0)
    return np.where(found.any(axis=0), instants[len(instants) - 1 - back], np.datetime64("NaT"))


def forward_fill(values: Matrix) -> Matrix:
    """Carry each column's last measurement down over its gaps. values: (t, k), oldest row first."""
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    rows = np.arange(len(values))[:, np.newaxis]
    source = np.maximum.accumulate(np.where(gaps, 0, rows), axis=0)  # (t, k)
    return values[source, np.arange(values.shape[1])]


def backward_fill(values: Matrix) -> Matrix:
    """Fill each column's gap at the top from its first measurement. values: (t, k), oldest row first."""
    return forward_fill(values[::-1])[::-1]


def _too_few(encounter: Encounter, instants: NDArray[np.datetime64], spec: WindowSpec) -> TooFewInstants:
    missing = spec.instants - len(instants)
    ready_at = None
    if len(instants):
        ready_at = encounter.as_sent(instants[-1]) + timedelta(minutes=missing * spec.step_minutes)
    return TooFewInstants(have=len(instants), need=spec.instants, ready_at=ready_at)


def _check_span(encounter: Encounter, kept: NDArray[np.datetime64], spec: WindowSpec) -> None:
    """Refuse a window of less than half or more than twice the model's span: its steps mean something else."""
    minutes = float((kept[-1] - kept[0]) / MINUTE)
    shortest, longest = spec.span_minutes / 2, spec.span_minutes * 2
    if not shortest <= minutes <= longest:
        raise WindowSpan(
            first=encounter.as_sent(kept[0]),
            last=encounter.as_sent(kept[-1]),
            minutes=minutes,
            median_step=float(np.median(np.diff(kept) / MINUTE)),
            shortest=shortest,
            longest=longest,
        )


def _check_measured(encounter: Encounter, instants: NDArray[np.datetime64], measured: Matrix, spec: WindowSpec) -> None:
    """Refuse when a moving sign has no measurement of its own inside the window.

    A sign that may be carried (temperature) may have been measured up to `Sign.carried` before the first instant.
    """
    start = len(instants) - spec.instants
    missing = []
    for index in np.flatnonzero(np.isnan(measured[start:]).all(axis=0)):
        sign = SIGNS[index]
        before = instants[~np.isnan(measured[:, index])]
        carried = len(before) > 0 and instants[start] - before[-1] <= np.timedelta64(sign.carried)
        if not (sign.static or carried):
            missing.append(MissingSign(sign.name, encounter.as_sent(before[-1]) if len(before) else None))
    if missing:
        kept = instants[start:]
        raise MissingSigns(tuple(missing), encounter.as_sent(kept[0]), encounter.as_sent(kept[-1]))
