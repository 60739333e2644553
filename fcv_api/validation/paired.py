"""Two models on the same patients: each figure of both, and its difference over the same drawn patients.

Patients are drawn with replacement, and what is drawn counts for both models (a paired bootstrap; Efron and Tibshirani,
An Introduction to the Bootstrap, 1993, chapter 8). Where a fit is needed, each drawing is one step of Newton's from the
fit to all (Davidson and MacKinnon, International Economic Review 1999): no drawing goes through the windows again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from fcv_api.domain.window import Matrix
from fcv_api.training.agreement import agreement, log_odds, recalibration
from fcv_api.training.metrics import Mask, Vector, drawn_weights, interval

DRAWS = 500
Members = dict[str, Any]
Column = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """Those of n windows. index: (n,), whose each is. weights: (r + 1, p), the first row counts each one once."""

    index: NDArray[np.intp]
    weights: Matrix

    @classmethod
    def of(cls, patients: Column, draws: int = DRAWS) -> Patients:
        """Draw them, always the same for the same patients."""
        names, index = np.unique(patients, return_inverse=True)
        whole = np.ones((1, len(names)))
        return cls(index, np.concatenate([whole, drawn_weights(len(names), draws)]) if len(names) else whole)

    def sums(self, values: Column, at: Column) -> Vector:
        """Return what some windows or onsets sum up to, over all and over each drawing, (r + 1,).

        values: (m,). at: (m,), the positions of their windows.
        """
        own = np.bincount(self.index[at], values.astype(np.float64), self.weights.shape[1])
        sums: Vector = self.weights @ own
        return sums

    def of_each(self, at: Column) -> Matrix:
        """Return how often each drawing has some windows or onsets, (r + 1, m)."""
        return self.weights[:, self.index[at]]


def pair(answered: Vector, candidate: Vector) -> Members:
    """Return a figure of both models, and its difference with the 95 % interval. Both (r + 1,), over all first."""
    low, high = interval(candidate[1:] - answered[1:]).tolist()
    value = float(candidate[0] - answered[0])
    return {
        "answered": float(answered[0]),
        "candidate": float(candidate[0]),
        "difference": {"value": value, "low": low, "high": high, "verdict": verdict(value, low, high)},
    }


def verdict(value: float, low: float, high: float) -> str:
    """Return which of two models is higher, where the interval says so."""
    if np.isnan([value, low, high]).any():
        return "cannot be compared"
    return "higher" if low > 0 else "lower" if high < 0 else "not told apart"


def ratio(above: Vector, below: Vector) -> Vector:
    """Return ratios, NaN of nothing."""
    found: Vector = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return found


def medians(values: Vector, weights: Matrix) -> Vector:
    """Return the median of what is not NaN, over all and each drawing, (r + 1,). values: (m,). weights: (r + 1, m)."""
    some = np.flatnonzero(~np.isnan(values))
    if not len(some):
        return np.full(len(weights), np.nan)
    order = some[np.argsort(values[some], kind="stable")]
    heaped = np.cumsum(weights[:, order], axis=1)
    half = heaped[:, -1:] / 2
    lower, upper = (heaped >= half).argmax(axis=1), (heaped > half).argmax(axis=1)
    found: Vector = np.where(half[:, 0] > 0, (values[order][lower] + values[order][upper]) / 2, np.nan)
    return found


def calibrations(said: Vector, happened: Mask, patients: Patients, at: Column) -> dict[str, Vector]:
    """Return observed to expected, slope and intercept of one state, each over all and each drawing, (r + 1,).

    said, happened: (m,). at: (m,), the positions of their windows.
    """
    odds, whole = log_odds(said), agreement(said, happened)
    likely = expit(odds + whole["intercept"])
    moved = ratio(patients.sums(happened - likely, at), patients.sums(likely * (1 - likely), at))
    return {
        "observed_to_expected": ratio(patients.sums(happened, at), patients.sums(said, at)),
        "slope": _slopes(odds, happened, patients, at) if not np.isnan(whole["slope"]) else moved * np.nan,
        "intercept": whole["intercept"] + moved,
    }


def _slopes(odds: Vector, happened: Mask, patients: Patients, at: Column) -> Vector:
    """Return the slope of the logistic recalibration, over all and over each drawing, (r + 1,)."""
    constant, slope = recalibration(odds, happened)
    likely = expit(constant + slope * odds)
    weight, missed = likely * (1 - likely), happened - likely
    parts = (missed, missed * odds, weight, weight * odds, weight * odds**2)
    score, steep, level, mixed, square = (patients.sums(each, at) for each in parts)
    return slope + ratio(level * steep - mixed * score, level * square - mixed**2)
