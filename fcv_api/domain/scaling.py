"""The two ways to bring signs of different units to one scale. Which one a model needs is in its manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Scaling = Callable[[Matrix], Matrix]


def scale_by_window(raw: Matrix) -> Matrix:
    """Scale each sign to mean 0 and population deviation 1 over the window.

    raw: (instants, 9), the signs' own units; a column of NaN is a static sign never sent.
    Near-constant columns come out as zeros. Which those are, is decided as scikit-learn's StandardScaler does:
    a variance no larger than what rounding alone can leave (`sklearn.preprocessing._data._is_constant_feature`).
    """
    rows, epsilon = len(raw), np.finfo(np.float64).eps
    mean = raw.mean(axis=0)
    centred = raw - mean
    # The second term mends the rounding of `mean`, as in sklearn.utils.extmath._incremental_mean_and_var.
    variance = (centred**2).mean(axis=0) - centred.mean(axis=0) ** 2
    rounding = rows * epsilon * variance + (rows * mean * epsilon) ** 2
    moving = variance > rounding  # false for NaN
    scaled = np.zeros_like(raw)
    np.divide(centred, np.sqrt(variance, where=moving, out=np.ones_like(mean)), out=scaled, where=moving)
    return scaled


@dataclass(frozen=True, slots=True)
class PopulationScaling:
    """Scale each sign by the mean and deviation of the patients that the model was trained on.

    mean, deviation: one number a sign, in the model's order. A static sign never sent becomes the mean: 0.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, raw: Matrix) -> Matrix:
        """Scale `raw`, (instants, 9)."""
        scaled: Matrix = (raw - np.array(self.mean)) / np.array(self.deviation)
        scaled[np.isnan(scaled)] = 0.0
        return scaled
