"""Two scorers on the same windows: what is the difference worth? Both are resampled by the same drawn patients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.metrics import ENDS_95

Draws = NDArray[np.float64]


def difference(name: str, model: tuple[float, Draws], other: tuple[float, Draws]) -> dict[str, Any]:
    """Return by how much a model is above another scorer, `name`, in one figure, and the verdict in words.

    model, other: a figure, and the same over drawn patients, (r,), both by the same draws.
    """
    drawn = model[1] - other[1]
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, ENDS_95).tolist() if len(drawn) else (float("nan"), float("nan"))
    value = model[0] - other[0]
    return {"value": value, "low": low, "high": high, "verdict": verdict(name, value, low, high)}


def verdict(name: str, value: float, low: float, high: float) -> str:
    """Return who is better, and by how much; nobody, where the interval holds 0."""
    if low > 0:
        return f"the model is better than {name} by {value:.3f} ({low:.3f} to {high:.3f})"
    if high < 0:
        return f"{name} is better by {-value:.3f} ({-high:.3f} to {-low:.3f})"
    if np.isnan(low):
        return f"the model and {name} cannot be compared"
    return f"the model and {name} are not told apart: {value:+.3f} ({low:+.3f} to {high:+.3f})"
