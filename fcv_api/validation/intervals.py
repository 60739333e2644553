"""Intervals of figures that are sums over patients: one patient's windows resemble each other, so patients count.

Where a figure has a closed form, so has its interval: the linearised variance between patients (Taylor; for a
regression the sandwich of Liang and Zeger, 1986), on the scale on which the figure is nearly normal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from fcv_api.domain.window import Matrix
from fcv_api.training.metrics import Mask, Vector

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


def share_interval(some: Vector, of: Vector) -> Ends:
    """Return the interval of a share, on the scale of its log-odds. some, of: (p,), of patients."""
    total, whole = some.sum(), of.sum()
    if not 0 < total < whole:
        return NOTHING
    share = total / whole
    error = _error((some - share * of) / whole) / (share * (1 - share))
    return float(expit(logit(share) - Z * error)), float(expit(logit(share) + Z * error))


def regression_intervals(odds: Vector, happened: Mask, patients: Patients, fitted: Ends) -> Matrix:
    """Return the intervals, (2, 2), of intercept and slope of a logistic recalibration, by the sandwich over patients.

    odds, happened: (n,). fitted: intercept and slope.
    """
    likely = expit(fitted[0] + fitted[1] * odds)
    design = np.stack([np.ones_like(odds), odds], axis=1)  # (n, 2)
    bread = np.linalg.inv((design * (likely * (1 - likely))[:, np.newaxis]).T @ design)
    scores = by_patient(design * (happened - likely)[:, np.newaxis], patients)  # (p, 2)
    spread = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread) * _few(len(scores)))
    return np.stack([np.array(fitted) - Z * spread, np.array(fitted) + Z * spread], axis=1)


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
