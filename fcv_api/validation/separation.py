"""How well scores tell the states apart that can be answered, and by how much one scorer is above another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.dataset import NONE, LabelledWindows
from fcv_api.training.differences import verdict
from fcv_api.training.discrimination import AREAS
from fcv_api.training.report_members import ILL
from fcv_api.validation.areas import Areas, mean_of, owners_of
from fcv_api.validation.intervals import area_interval, sum_interval

ANY, MEAN = "any_of_the_three", "ill"
Figures = dict[str, Any]
Separation = dict[str, Areas]
"""By state, and beside the states `ANY` and `MEAN`."""


def separate(windows: LabelledWindows, scores: NDArray[Any], rows: list[str]) -> Separation:
    """Measure scores, (n, 4), on windows before an onset. rows: what can be answered of states, `ANY` and `MEAN`.

    One after the other: of millions of windows a ranking takes much memory.
    """
    owners = owners_of(windows.patient)
    found = {name: Areas.of(scores[:, ILL[name]], windows.label == ILL[name], owners) for name in rows if name in ILL}
    if MEAN in rows:
        found[MEAN] = mean_of([found[name] for name in ILL])
    if ANY in rows:
        found[ANY] = Areas.of(-scores[:, NONE], windows.label != NONE, owners)
    return {name: found[name] for name in rows}


def areas_with_intervals(separation: Separation) -> Figures:
    """Return the areas with their intervals. AUPRC is of single states, and of their mean."""
    return {
        name: {area: _with_ends(own, at, name) for at, area in enumerate(AREAS) if (name, area) != (ANY, "auprc")}
        for name, own in separation.items()
    }


def _with_ends(own: Areas, at: int, name: str) -> Figures:
    value, parts, left = float(own.value[at]), own.parts[:, at], own.left[:, at]
    ends = (sum_interval if name == MEAN else area_interval)(value, parts, left)
    return ends._replace(low=_share(ends.low), high=_share(ends.high)).of(value)


def _share(end: float) -> float:
    """Return an end of an interval that may have gone beyond what an area can be."""
    return float(np.clip(end, 0, 1))


def differences(separation: Separation, name: str, other: Separation) -> Figures:
    """Return by how much areas are above those of another scorer, `name`, of the same windows."""
    states = [each for each in separation if each != ANY]
    apart = {state: separation[state].minus(other[state]) for state in states}
    return {area: {state: _difference(name, apart[state], at) for state in states} for at, area in enumerate(AREAS)}


def _difference(name: str, apart: Areas, at: int) -> Figures:
    value = float(apart.value[at])
    ends = sum_interval(value, apart.parts[:, at], apart.left[:, at])
    return ends.of(value) | {"verdict": verdict(name, value, ends.low, ends.high)}
