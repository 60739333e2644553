"""Intervals of a validation's figures over patients: one patient's windows resemble each other, so patients count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from fcv_api.domain.window import Matrix
from fcv_api.training.metrics import Mask, Vector
from fcv_api.training.parts import NOTHING, Ends, around, largest_share, reach, standard_error

Z = float(norm.ppf(0.975))
Patients = NDArray[np.int32]


def by_patient(values: Matrix, patients: Patients) -> Matrix:
    """Return the sums of each patient, (p, ...). values: (n, k)."""
    _, index = np.unique(patients, return_inverse=True)
    return np.stack([np.bincount(index, each) for each in values.T], axis=1)


def area_interval(value: float, parts: Vector, left: Vector) -> Ends:
    """Return the interval of an area, on the scale of its log-odds. left: (g,), without one group after the other."""
    known = left[(left > 0) & (left < 1)]
    if not (0 < value < 1 and len(known) > 1):
        return NOTHING
    centre = logit(value) - _bias(float(logit(value)), logit(known))
    far = reach(parts) / (value * (1 - value))
    return Ends(float(expit(centre - far)), float(expit(centre + far)), largest_share(parts))


def sum_interval(value: float, parts: Vector, left: Vector) -> Ends:
    """Return the interval of a mean of several areas, or of a difference of two, on its own scale. left: (g,)."""
    known = left[~np.isnan(left)]
    if len(known) < 2 or not parts.any():  # noqa: PLR2004 - of one group nothing is left
        return NOTHING
    return around(value - _bias(value, known), parts)


def _bias(value: float, left: Vector) -> float:
    """Return by how much a figure of few patients is too large, by leaving out groups of them (Quenouille 1956)."""
    return float((len(left) - 1) * (left.mean() - value))


def skill_interval(happened: Vector, error: Vector, windows: Vector) -> Ends:
    """Return the interval of the Brier skill, on the scale of log(1 - skill). All (p,), sums of patients.

    1 - skill is error * windows / (happened * others); the logarithm's derivative by each sum gives the parts.
    """
    sums = np.stack([error, windows, happened, windows - happened])
    totals = sums.sum(axis=1)
    if not (totals > 0).all():
        return NOTHING
    signs = np.array([1.0, 1.0, -1.0, -1.0])
    parts = (signs / totals) @ sums
    far, rest = reach(parts), float(np.exp((signs * np.log(totals)).sum()))
    return Ends(float(1 - rest * np.exp(far)), float(1 - rest * np.exp(-far)), largest_share(parts))


def share_interval(some: Vector, of: Vector) -> Ends:
    """Return Wilson's interval of a share of windows, of as many as are independent. some, of: (p,), of patients.

    Those are what the variance between patients makes of them (Kish 1965): at most all windows, and as many as patients
    where none of them differs.
    """
    there = of > 0
    total, whole = some.sum(), of.sum()
    if not whole:
        return NOTHING
    share = total / whole
    parts = (some[there] - share * of[there]) / whole
    variance = standard_error(parts) ** 2
    count = float(min(whole, share * (1 - share) / variance) if variance > 0 else there.sum())
    centre, spread = share + Z**2 / (2 * count), Z * np.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    low, high = ((centre + sign * spread) / (1 + Z**2 / count) for sign in (-1, 1))
    return Ends(float(low), float(high), largest_share(parts))


def slope_interval(odds: Vector, happened: Mask, patients: Patients, fitted: tuple[float, float]) -> Ends:
    """Return the interval of the slope of a logistic recalibration, by leaving out one patient at a time.

    Each is one step of Newton's from the whole, of the patients' own scores and information (Bell and McCaffrey 2002).
    odds, happened: (n,). fitted: intercept and slope.
    """
    likely = expit(fitted[0] + fitted[1] * odds)
    weight, missed = likely * (1 - likely), happened - likely
    parts = np.stack([missed, missed * odds, weight, weight * odds, weight * odds**2], axis=1)
    score, steep, level, mixed, square = by_patient(parts, patients).T
    left = level.sum() - level, mixed.sum() - mixed, square.sum() - square
    moved = (left[1] * score - left[0] * steep) / (left[0] * left[2] - left[1] ** 2)
    return around(fitted[1], moved - moved.mean())


def offset_interval(odds: Vector, happened: Mask, patients: Patients, intercept: float) -> Ends:
    """Return the interval of the shift of the log-odds at which as many are expected as happened."""
    likely = expit(odds + intercept)
    scores = by_patient((happened - likely)[:, np.newaxis], patients)[:, 0]
    return around(intercept, scores, float((likely * (1 - likely)).sum()))
