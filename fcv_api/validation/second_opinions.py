"""The baselines that a model must beat, on the very windows that it is measured on.

They learn from the early part, before onsets. Where nothing was split, each patient is scored by baselines that learnt
from four fifths of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.baselines import (
    EARLY_WARNING,
    FITTED,
    FOLDS,
    boosting,
    fit_alike,
    folds,
    logistic,
    ranking_of,
    scores_of,
)
from fcv_api.validation.gathered import LAST, Gathered
from fcv_api.validation.split import Split

LEARNT_FROM = 200_000
"""Windows at most, evenly chosen: more do not move a baseline, and would not fit into memory."""
ALL = slice(None)
MAKERS: tuple[tuple[Callable[[], Any], slice], ...] = ((logistic, LAST), (boosting, ALL))
"""How each of `FITTED` is made, and of which features."""


def second_opinions(gathered: Gathered, split: Split) -> dict[str, NDArray[np.float32]]:
    """Return, by name, the scores of the late part, (l, 4). A baseline that cannot be fitted is left out."""
    found = {}
    for name, (make, columns) in zip(FITTED, MAKERS, strict=True):
        scores = _scores(gathered, split, make, columns)
        if scores is not None:
            found[name] = scores
    found[EARLY_WARNING] = _ask(gathered, split.late, lambda features: ranking_of(features[:, LAST]))
    return found


def _scores(gathered: Gathered, split: Split, make: Callable[[], Any], columns: slice) -> NDArray[np.float32] | None:
    if split.at is not None:
        fitted = _fit(gathered, split.early, make, columns)
        return None if fitted is None else _ask(gathered, split.late, fitted)
    scores = np.zeros((len(split.late), len(CLASSES)), dtype=np.float32)
    fold = folds(gathered.windows)
    if len(np.unique(fold)) < FOLDS:
        return None
    for number in range(FOLDS):
        fitted = _fit(gathered, np.flatnonzero(fold != number), make, columns)
        if fitted is None:
            return None
        own = np.flatnonzero(fold == number)
        scores[own] = _ask(gathered, own, fitted)
    return scores


def _fit(
    gathered: Gathered, from_: NDArray[np.intp], make: Callable[[], Any], columns: slice
) -> Callable[[Matrix], Matrix] | None:
    """Fit on windows before an onset; nothing where they are of one class."""
    ahead = from_[gathered.windows.ahead[from_]]
    some = ahead[np.unique(np.linspace(0, len(ahead) - 1, LEARNT_FROM).astype(np.intp))] if len(ahead) else ahead
    labels = gathered.windows.label[some].astype(np.intp)
    if len(np.unique(labels)) < 2:  # noqa: PLR2004 - one class has no other to compare with
        return None
    classifier = make()
    fit_alike(classifier, gathered.features_at(some)[:, columns], labels)
    return lambda features: scores_of(classifier, features[:, columns])


def _ask(gathered: Gathered, positions: NDArray[np.intp], score: Callable[[Matrix], Matrix]) -> NDArray[np.float32]:
    """Score positions block by block."""
    blocks = [score(features).astype(np.float32) for features in gathered.blocks(positions)]
    return np.concatenate([np.empty((0, len(CLASSES)), dtype=np.float32), *blocks])
