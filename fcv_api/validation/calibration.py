"""Whether one state comes as often as its probability says, with intervals over patients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.agreement import agreement, log_odds, recalibration
from fcv_api.training.metrics import Mask, Vector
from fcv_api.training.parts import NOTHING, Ends, ratio_interval
from fcv_api.validation.intervals import (
    by_patient,
    offset_interval,
    skill_interval,
    slope_interval,
)


def with_intervals(said: Vector, happened: Mask, patients: NDArray[Any]) -> dict[str, Any]:
    """Return the figures of `agreement`, their 95 % intervals, and one patient's largest share in each. All (n,)."""
    found = agreement(said, happened)
    odds = log_odds(said)
    sums = by_patient(np.stack([happened, said, (said - happened) ** 2, np.ones_like(said)], axis=1), patients)
    intervals = {
        "observed_to_expected": ratio_interval(sums[:, 0], sums[:, 1]),
        "slope": _slope_interval(odds, happened, patients),
        "intercept": offset_interval(odds, happened, patients, found["intercept"]),
        "brier_skill": skill_interval(sums[:, 0], sums[:, 2], sums[:, 3]),
    }
    return found | {
        "intervals": {name: [ends.low, ends.high] for name, ends in intervals.items()},
        "one_patient": {name: ends.one_patient for name, ends in intervals.items()},
    }


def _slope_interval(odds: Vector, happened: Mask, patients: NDArray[Any]) -> Ends:
    fitted = recalibration(odds, happened)
    if np.isnan(fitted[1]):
        return NOTHING
    return slope_interval(odds, happened, patients, fitted)
