"""Are a model's outputs probabilities? Asked at the import and whenever a model is loaded, as of each answer."""

from __future__ import annotations

import numpy as np

from fcv_api.domain.prediction import are_probabilities
from fcv_api.domain.window import Matrix


def complaint(outputs: Matrix) -> str:
    """Return in words why no answer could be made of the outputs, (n, 4); empty when each row is four probabilities."""
    worst = next((row for row in outputs if not are_probabilities(row)), None)
    if worst is None:
        return ""
    return f"gives four numbers that are no probabilities ({_found(worst)}): add a softmax"


def _found(row: Matrix) -> str:
    """Return what is wrong with one row, (4,)."""
    if not np.isfinite(row).all():
        return "they are not finite"
    negative = f", and one is {row.min():.2g}" if (row < 0).any() else ""
    return f"they sum to {row.sum():.4g}{negative}"
