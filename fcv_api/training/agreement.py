"""Whether one state comes as often as its probability says, over all windows and among those where it says something.

probabilities and happened are (n,). What cannot be computed, as where a state never came, is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from fcv_api.training.metrics import Mask, Vector, calibration_error, reliability

SAYS_SOMETHING = 0.05
"""Nearly all windows say less; over them all a calibration error is small whatever is said of the few others."""
FLOOR = 1e-7
WIDEST = 50.0


def agreement(probabilities: Vector, happened: Mask) -> dict[str, Any]:
    """Return all figures of one state.

    slope: of a logistic regression of what happened on the log-odds said; 1 is right, less is too bold (Cox 1958).
    intercept: what must be added to the log-odds for the right number; 0 is right (Van Calster 2016, 2019).
    brier_skill: 1 - Brier / that of the base rate; 0 is as good as saying the base rate of everybody.
    """
    known = 0 < happened.sum() < len(happened)
    rate, odds = happened.mean(), log_odds(probabilities)
    nothing = float("nan")
    said, seen, count = reliability(probabilities, happened)
    bold = probabilities >= SAYS_SOMETHING
    return {
        "observed": int(happened.sum()),
        "expected": float(probabilities.sum()),
        "observed_to_expected": float(happened.sum() / probabilities.sum()),
        "slope": recalibration(odds, happened)[1] if known else nothing,
        "intercept": _intercept(odds, happened) if known else nothing,
        "brier_skill": float(1 - np.mean((probabilities - happened) ** 2) / (rate * (1 - rate))) if known else nothing,
        "windows_from_0_05": int(bold.sum()),
        "ece_from_0_05": calibration_error(probabilities[bold], happened[bold]) if bold.any() else nothing,
        "reliability": [
            {"said": float(a), "seen": float(b), "count": int(c)} for a, b, c in zip(said, seen, count, strict=True)
        ],
    }


def recalibration(odds: Vector, happened: Mask) -> tuple[float, float]:
    """Return intercept and slope of a logistic regression of what happened on the log-odds said. Both (n,)."""
    if np.ptp(odds) == 0:
        return float("nan"), float("nan")
    fitted = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(odds[:, np.newaxis], happened)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def log_odds(probabilities: Vector) -> Vector:
    """Return log-odds, finite where a probability is 0 or 1."""
    odds: Vector = logit(np.clip(probabilities, FLOOR, 1 - FLOOR))
    return odds


def _intercept(odds: Vector, happened: Mask) -> float:
    """Return the shift of the log-odds at which as many are expected as happened."""
    missing = brentq(lambda shift: expit(odds + shift).mean() - happened.mean(), -WIDEST, WIDEST)
    return float(missing)
