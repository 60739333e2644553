"""Scale windows to learn from, by the code that serves."""

from __future__ import annotations

from typing import Any

import numpy as np

from fcv_api.domain.window import Matrix, PopulationScaling, WindowSpec
from fcv_api.training.dataset import LabelledWindows
from fcv_api.training.parameters import Series


def fit_scaling(windows: LabelledWindows, kind: str) -> tuple[dict[str, Any], WindowSpec]:
    """Return the scaling as a manifest holds it, and the window that goes with it.

    population: mean and deviation over all rows of the windows, of what was measured. A sign that never was, or never
    changed, gets deviation 1, so that it comes out as 0.
    """
    if kind == "window":
        return {"kind": "window"}, WindowSpec()
    mean, deviation = _mean_and_deviation(windows.raw.reshape(-1, windows.raw.shape[-1]))  # (n * instants, 9)
    manifest = {"kind": "population", "mean": mean.tolist(), "deviation": deviation.tolist()}
    return manifest, WindowSpec(scale=PopulationScaling(tuple(manifest["mean"]), tuple(manifest["deviation"])))


def scale_windows(raw: Matrix, spec: WindowSpec) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Scale windows, (n, instants, 9), one by one, by the code that serves."""
    scaled = np.empty(raw.shape, dtype=np.float32)
    for index, window in enumerate(raw):
        scaled[index] = spec.scale(window)
    return scaled


def _mean_and_deviation(rows: Matrix) -> tuple[Series, Series]:
    known = ~np.isnan(rows)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, rows, 0).sum(axis=0) / counts
    deviation = np.sqrt((np.where(known, rows - mean, 0) ** 2).sum(axis=0) / counts)
    return mean, np.where(deviation > 1e-9 * np.maximum(np.abs(mean), 1), deviation, 1.0)
