"""AUROC and AUPRC with what each patient does to them, so that an interval needs no drawing of patients.

An area's influence function says by how much it moves for a window that counts a little more. Its sums over patients
give the variance between patients: of AUROC that of DeLong et al. (1988), as Obuchowski (1997) has it for patients with
several windows; of AUPRC the derivative of average precision by the windows' weights (Hampel 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.window import Matrix
from fcv_api.training.metrics import Mask, Vector

GROUPS = 20
"""Of patients: leaving out one after the other shows by how much an area of few patients is too large."""
Codes = NDArray[np.int32]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """AUROC and AUPRC, in this order. value: (2,). parts: (p, 2), by how much each patient moves them.

    left: (g, 2), both without one group of patients after the other; NaN where a group has all windows of the state.
    """

    value: Vector
    parts: Matrix
    left: Matrix

    @classmethod
    def of(cls, scores: Vector, positive: Mask, owners: Codes) -> Areas:
        """Measure one score, (n,). owners: (n,), whose window it is, from 0 on."""
        order = np.argsort(-scores, kind="stable")
        level = np.cumsum(np.diff(scores[order], prepend=scores[order[:1]]) != 0, dtype=np.int32)
        hit, owner = positive[order], owners[order]
        counted = _counted(level, hit)
        group = owner % GROUPS
        kept = (_without(level, hit, group == each) for each in range(min(GROUPS, int(owner.max()) + 1)))
        return cls(_areas(*counted), _parts((level, hit, owner), counted), np.array(list(kept)))

    def minus(self, other: Areas) -> Areas:
        """Return by how much these are above another scorer's, of the same patients."""
        return Areas(self.value - other.value, self.parts - other.parts, self.left - other.left)


def owners_of(patients: NDArray[Any]) -> Codes:
    """Return whose window each is, (n,), from 0 on: patients in the order of their names."""
    return np.unique(patients, return_inverse=True)[1].astype(np.int32)


def mean_of(some: list[Areas]) -> Areas:
    """Return the mean of several states' areas, of the same patients."""
    return Areas(*(np.mean([getattr(each, name) for each in some], axis=0) for name in ("value", "parts", "left")))


def _counted(level: Codes, hit: Mask, levels: int = 0) -> tuple[Counts, Counts]:
    """Return how many windows have a level's score or more, (t,): of the state, and of all."""
    levels = levels or int(level[-1]) + 1
    return tuple(np.cumsum(np.bincount(each, minlength=levels)) for each in (level[hit], level))  # type: ignore[return-value]


def _without(level: Codes, hit: Mask, gone: Mask) -> Vector:
    return _areas(*_counted(level[~gone], hit[~gone], int(level[-1]) + 1))


def _areas(true: Counts, whole: Counts) -> Vector:
    """Return AUROC and average precision, (2,); NaN without a window of the state, or without another one."""
    false = whole - true
    if not (true[-1] and false[-1]):
        return np.full(2, np.nan)
    roc = np.trapezoid(np.append(0, true), np.append(0, false)) / (float(true[-1]) * float(false[-1]))
    return np.array([roc, (np.diff(true, prepend=0) * _precision(true, whole)).sum() / true[-1]])


def _precision(true: Counts, whole: Counts) -> Vector:
    return np.divide(true, whole, out=np.zeros(len(true)), where=whole > 0)


def _parts(windows: tuple[Codes, Mask, Codes], counted: tuple[Counts, Counts]) -> Matrix:
    """Return by how much each patient moves both areas, (p, 2). windows: level, hit and owner of each."""
    level, hit, owner = windows
    patients = int(owner.max()) + 1
    influences = [_of_roc(*counted), _of_precision(*counted)]
    return np.stack(
        [
            np.bincount(owner[hit], own[level[hit]], patients) + np.bincount(owner[~hit], others[level[~hit]], patients)
            for own, others in influences
        ],
        axis=1,
    )


def _of_roc(true: Counts, whole: Counts) -> tuple[Vector, Vector]:
    """Return by how much a window of the state, and another one, moves AUROC at each level. Ties count half."""
    false, area = whole - true, _areas(true, whole)[0]
    beaten = 1 - (false - np.diff(false, prepend=0) / 2) / false[-1]
    beating = (true - np.diff(true, prepend=0) / 2) / true[-1]
    return (beaten - area) / true[-1], (beating - area) / false[-1]


def _of_precision(true: Counts, whole: Counts) -> tuple[Vector, Vector]:
    """Return the same of average precision: what a window does at its own level, and to all levels below it."""
    precision, area = _precision(true, whole), _areas(true, whole)[1]
    found = np.divide(np.diff(true, prepend=0), whole, out=np.zeros(len(true)), where=whole > 0)
    more = np.cumsum(found[::-1])[::-1]
    less = np.cumsum((found * precision)[::-1])[::-1]
    return (precision - area + more - less) / true[-1], -less / true[-1]
