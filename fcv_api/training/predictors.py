"""What the signs of those who were learnt from were: how much of each was missing, and between what values it lay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import History
from fcv_api.training.dataset import Cohort, LabelledWindows

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


@dataclass(frozen=True, slots=True)
class Predictor:
    """One sign. missing: the share of instants at which it was not measured. never: encounters that never had it.

    quantiles: of its last value in each window, by `QUANTILES`; empty where it never had one.
    """

    sign: str
    unit: str
    missing: float
    never: int
    quantiles: tuple[float, ...]


def describe_predictors(cohort: Cohort, windows: LabelledWindows) -> list[Predictor]:
    """Describe each sign over the encounters of a cohort that gave windows, and over those windows."""
    kept = set(np.unique(windows.encounter).tolist())
    instants, absent, never = 0, np.zeros(len(SIGNS)), np.zeros(len(SIGNS), dtype=np.intp)
    for encounter in (each for each in cohort.encounters if each.id in kept):
        missing = np.isnan(History.of(encounter).measured)  # (t, 9)
        instants += len(missing)
        absent += missing.sum(axis=0)
        never += missing.all(axis=0)
    last = windows.raw[:, -1]  # (n, 9)
    return [
        Predictor(sign.name, sign.unit.name, float(gaps / instants), int(none), _quantiles(last[:, at]))
        for at, (sign, gaps, none) in enumerate(zip(SIGNS, absent, never, strict=True))
    ]


def _quantiles(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    known = values[~np.isnan(values)]
    return tuple(np.quantile(known, QUANTILES).tolist()) if len(known) else ()
