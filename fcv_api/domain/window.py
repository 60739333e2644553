"""The window: the last instants of an encounter as the matrix that a model reads, and its scaling.

The steps and limits are those of docs/model.md, "From rows to a window".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter, backward_fill, forward_fill, pivot
from fcv_api.domain.errors import MissingSign, MissingSigns, TooFewInstants, WindowSpan
from fcv_api.domain.samples import Samples, Sampling
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES, SIGNS

Matrix = NDArray[np.float64]
Scaling = Callable[[Matrix], Matrix]
"""How signs of different units come to one scale. Which of the two ways a model needs is in its manifest."""
MINUTE = np.timedelta64(1, "m")
MOVES = np.array([not sign.static for sign in SIGNS])


def scale_by_window(raw: Matrix) -> Matrix:
    """Scale each sign to mean 0 and population deviation 1 over the window.

    raw: (instants, 9), the signs' own units; a column of NaN is a static sign never sent.
    Near-constant columns come out as zeros. Which those are, is decided as scikit-learn's StandardScaler does:
    a variance no larger than what rounding alone can leave (`sklearn.preprocessing._data._is_constant_feature`).
    """
    rows, epsilon = len(raw), np.finfo(np.float64).eps
    mean = raw.mean(axis=0)
    centred = raw - mean
    # The second term mends the rounding of `mean`, as in sklearn.utils.extmath._incremental_mean_and_var.
    variance = (centred**2).mean(axis=0) - centred.mean(axis=0) ** 2
    rounding = rows * epsilon * variance + (rows * mean * epsilon) ** 2
    moving = variance > rounding  # false for NaN
    scaled = np.zeros_like(raw)
    np.divide(centred, np.sqrt(variance, where=moving, out=np.ones_like(mean)), out=scaled, where=moving)
    return scaled


@dataclass(frozen=True, slots=True)
class PopulationScaling:
    """Scale each sign by the mean and deviation of the patients that the model was trained on.

    mean, deviation: one number a sign, in the model's order. A static sign never sent becomes the mean: 0.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, raw: Matrix) -> Matrix:
        """Scale `raw`, (instants, 9)."""
        scaled: Matrix = (raw - np.array(self.mean)) / np.array(self.deviation)
        scaled[np.isnan(scaled)] = 0.0
        return scaled


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What window a model reads: a property of the model, kept in its manifest."""

    instants: int = 20
    step_minutes: float = 5.0
    signs: tuple[str, ...] = SIGN_NAMES
    scale: Scaling = scale_by_window
    sampling: Sampling = Sampling.LAST

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
        raise _too_few(history, spec)
    kept = instants[-spec.instants :]
    _check_span(encounter, kept, spec)
    _check_measured(history, spec)
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


def last_measured(instants: NDArray[np.datetime64], measured: Matrix) -> NDArray[np.datetime64]:
    """Return, (9,), when each sign was last measured; NaT for never. measured: (t, 9), NaN where it was not."""
    found = ~np.isnan(measured[::-1])
    back = found.argmax(axis=0)
    return np.where(found.any(axis=0), instants[len(instants) - 1 - back], np.datetime64("NaT"))


def _too_few(history: History, spec: WindowSpec) -> TooFewInstants:
    have = len(history.instants)
    missing = timedelta(minutes=(spec.instants - have) * spec.step_minutes)
    ready_at = history.encounter.as_sent(history.instants[-1]) + missing if have else None
    return TooFewInstants(have=have, need=spec.instants, ready_at=ready_at)


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


def _check_measured(history: History, spec: WindowSpec) -> None:
    """Refuse when a moving sign has no measurement of its own inside the window.

    A sign that may be carried (temperature) may have been measured up to `Sign.carried` before the first instant.
    """
    as_sent, kept = history.encounter.as_sent, history.instants[-spec.instants :]
    missing = []
    for index in np.flatnonzero(np.isnan(history.measured[-spec.instants :]).all(axis=0) & MOVES):
        before = history.instants[~np.isnan(history.measured[:, index])]
        if not len(before) or kept[0] - before[-1] > np.timedelta64(SIGNS[index].carried):
            missing.append(MissingSign(SIGNS[index].name, as_sent(before[-1]) if len(before) else None))
    if missing:
        raise MissingSigns(tuple(missing), as_sent(kept[0]), as_sent(kept[-1]))
