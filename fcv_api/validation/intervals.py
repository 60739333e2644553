"""Intervals of figures that are sums over patients: one patient's windows resemble each other, so patients count.

Where a figure has a closed form, so has its interval: the linearised variance between patients, on the scale on which
the figure is nearly normal. `bench/validation.py` measures how often they hold the truth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from fcv_api.domain.window import Matrix
from fcv_api.training.metrics import Mask, Vector, interval

Z = float(norm.ppf(0.975))
NOTHING = (float("nan"), float("nan"))
Patients = NDArray[np.int32]
Ends = tuple[float, float]


def by_patient(values: Matrix, patients: Patients) -> Matrix:
    """Return the sums of each patient, (p, ...). values: (n, ...)."""
    _, index = np.unique(patients, return_inverse=True)
    sums = np.zeros((index.max(initial=-1) + 1, *values.shape[1:]))
    np.add.at(sums, index, values)
    return sums


def ratio_interval(above: Vector, below: Vector) -> Ends:
    """Return the interval of a ratio of two sums, on the scale of its logarithm. above, below: (p,), of patients."""
    total, of = above.sum(), below.sum()
    if not (total > 0 and of > 0):
        return NOTHING
    ratio = total / of
    error = _error((above - ratio * below) / of) / ratio
    return float(ratio * np.exp(-Z * error)), float(ratio * np.exp(Z * error))


def area_interval(value: float, draws: Vector) -> Ends:
    """Return the interval of an area by drawn patients, on the scale of its log-odds. draws: (r,), NaN for none."""
    known = draws[(draws > 0) & (draws < 1)]
    if not (0 < value < 1 and len(known) > 1):
        low, high = interval(draws).tolist()
        return low, high
    error = float(logit(known).std())
    return float(expit(logit(value) - Z * error)), float(expit(logit(value) + Z * error))


def share_interval(some: Vector, of: Vector) -> Ends:
    """Return Wilson's interval of a share of windows, of as many as are independent. some, of: (p,), of patients.

    Those are what the variance between patients makes of them (Kish 1965), and never more than there are patients.
    """
    total, whole = some.sum(), of.sum()
    patients = float((of > 0).sum())
    if not whole:
        return NOTHING
    share = total / whole
    variance = _error((some - share * of) / whole) ** 2
    count = min(patients, share * (1 - share) / variance) if variance > 0 else patients
    centre, spread = share + Z**2 / (2 * count), Z * np.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    return float((centre - spread) / (1 + Z**2 / count)), float((centre + spread) / (1 + Z**2 / count))


def slope_interval(odds: Vector, happened: Mask, patients: Patients, fitted: Ends) -> Ends:
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
    error = float(np.sqrt(((moved - moved.mean()) ** 2).sum() * (len(score) - 1) / len(score)))
    return fitted[1] - Z * error, fitted[1] + Z * error


def offset_interval(odds: Vector, happened: Mask, patients: Patients, intercept: float) -> Ends:
    """Return the interval of the shift of the log-odds at which as many are expected as happened."""
    likely = expit(odds + intercept)
    scores = by_patient(happened - likely, patients)
    error = float(np.sqrt((scores**2).sum() * _few(len(scores)))) / float((likely * (1 - likely)).sum())
    return intercept - Z * error, intercept + Z * error


def _error(parts: Vector) -> float:
    """Return the standard error of a sum of patients' parts."""
    return float(np.sqrt((parts**2).sum() * _few(len(parts))))


def _few(patients: int) -> float:
    """Return the correction for few patients."""
    return patients / max(1, patients - 1)
