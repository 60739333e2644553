"""What each patient does to a figure, and how far the figure's interval reaches for it.

A figure's *parts* are by how much each patient moves it: its influence function, or what leaving the patient out does.
Their squares are its variance. With few patients of weight that variance is itself unsure: Student's t has as many
degrees of freedom as it is worth (Pan and Wall 2002). `make validation-truth` measures how often such intervals hold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from fcv_api.training.metrics import Vector


class Ends(NamedTuple):
    """The 95 % interval of a figure. one_patient: the largest share of one patient in the variance, 0 to 1."""

    low: float
    high: float
    one_patient: float

    def of(self, value: float) -> dict[str, Any]:
        """Return the figure with them, as a report holds it."""
        return {"value": value, **self._asdict()}


ONE_DECIDES = 0.5
"""Of a figure's variance: a patient with more weighs more than all the others together."""
NOTHING = Ends(*[float("nan")] * 3)


def degrees(parts: Vector) -> float:
    """Return the degrees of freedom of a variance that is the sum of patients' squared parts, (p,).

    2 V² / var V, by the squares' own variance between patients (Satterthwaite 1946; Pan and Wall 2002): as many as
    patients of equal weight, and 2 where one patient decides.
    """
    squares = parts**2
    spread = float(((squares - squares.mean()) ** 2).sum())
    return 2 * float(squares.sum()) ** 2 / spread if spread > 0 else float("inf")


def reach(parts: Vector) -> float:
    """Return how far the 95 % interval reaches to either side of a figure that patients move by their parts, (p,)."""
    return float(student.ppf(0.975, degrees(parts))) * standard_error(parts)


def largest_share(parts: Vector) -> float:
    """Return the largest share of one patient in the sum of squared parts, (p,); NaN where nobody moves the figure."""
    squares = parts**2
    total = float(squares.sum())
    return float(squares.max()) / total if total > 0 else float("nan")


def around(centre: float, parts: Vector, over: float = 1.0) -> Ends:
    """Return the interval that reaches as far to either side. over: what the parts are divided by, of all patients."""
    far = reach(parts) / over
    return Ends(centre - far, centre + far, largest_share(parts))


def ratio_interval(above: Vector, below: Vector) -> Ends:
    """Return the interval of a ratio of two sums, on the scale of its logarithm. above, below: (p,), of patients."""
    total, of = above.sum(), below.sum()
    if not (total > 0 and of > 0):
        return NOTHING
    ratio = total / of
    parts = (above - ratio * below) / of
    far = reach(parts) / ratio
    return Ends(float(ratio * np.exp(-far)), float(ratio * np.exp(far)), largest_share(parts))


def standard_error(parts: Vector) -> float:
    """Return the standard error of a sum of patients' parts."""
    return float(np.sqrt((parts**2).sum() * len(parts) / max(1, len(parts) - 1)))
