"""How well scores tell states apart, one against the rest, with intervals and paired differences between scorers.

The headline is of the three ill states. `none_of_these` stands beside them, never in their mean: it is 98 in 100
windows, and its AUPRC is near 1 whatever a model does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import NONE, LabelledWindows
from fcv_api.training.differences import difference
from fcv_api.training.metrics import RESAMPLES, Ranking, drawn_areas, interval, mean_known

NAMES = [state.value for state in CLASSES]
ILL = [place for place in range(len(CLASSES)) if place != NONE]
ROWS = [*NAMES, "ill"]
"""What has an area: each state, and the mean of the three ill ones that have windows."""
AREAS = ("auroc", "auprc")
CURVE_POINTS = 200
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Discrimination:
    """The areas of one scorer. found: (5, 2) by `ROWS` and `AREAS`. drawn: (r, 5, 2), over drawn patients.

    curves: by class.
    """

    curves: dict[str, dict[str, list[float]]]
    found: Matrix
    drawn: Matrix

    @classmethod
    def of(cls, windows: LabelledWindows, scores: Matrix, resamples: int = RESAMPLES) -> Discrimination:
        """Measure scores, (n, 4), on windows that end before an onset."""
        curves, found, drawn = {}, [], []
        for place, name in enumerate(NAMES):  # one ranking at a time: of millions of windows it takes much memory
            ranking = Ranking.of(scores[:, place], windows.label == place)
            curves[name] = curve(ranking)
            found.append(ranking.areas())
            drawn.append(drawn_areas([ranking], windows.patient, resamples)[:, 0])
        return cls(curves, _with_mean(np.array([found]))[0], _with_mean(np.stack(drawn, axis=1)))

    def figures(self) -> Figures:
        """Return the areas with their intervals, and the curves."""
        lows, highs = interval(self.drawn)
        tables = {
            area: {
                name: {"value": self.found[row, column], "low": lows[row, column], "high": highs[row, column]}
                for row, name in enumerate(ROWS)
            }
            for column, area in enumerate(AREAS)
        }
        return {**tables, "curves": self.curves}

    def against(self, name: str, other: Discrimination) -> Figures:
        """Return by how much this is above another scorer, `name`, on the same drawn patients."""
        return {
            area: {
                state: difference(
                    name,
                    (self.found[row, column], self.drawn[:, row, column]),
                    (other.found[row, column], other.drawn[:, row, column]),
                )
                for row, state in enumerate(ROWS)
                if row != NONE
            }
            for column, area in enumerate(AREAS)
        }


def _with_mean(each: Matrix) -> Matrix:
    return np.concatenate([each, mean_known(each[:, ILL], axis=1)[:, np.newaxis]], axis=1)


def curve(ranking: Ranking) -> dict[str, list[float]]:
    """Return a curve at some 200 thresholds; nothing for a class without windows."""
    true, false = ranking.counts()
    if not (true[-1] and false[-1]):
        return {"recall": [], "false_positives": [], "precision": []}
    kept = np.unique(np.linspace(0, len(true) - 1, CURVE_POINTS).astype(np.intp))
    true, false = true[kept], false[kept]
    return {
        "recall": [0.0, *(true / true[-1])],
        "false_positives": [0.0, *(false / false[-1])],
        "precision": [float(true[0] / (true[0] + false[0])), *(true / (true + false))],
    }
