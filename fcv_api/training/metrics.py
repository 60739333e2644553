"""How well probabilities tell states apart, and whether they are as frequent as they say.

n windows of k classes; a label is a class's index. What cannot be computed, as where a class has no window, is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.window import Matrix

Vector = NDArray[np.float64]
Labels = NDArray[np.intp]
Mask = NDArray[np.bool_]

BINS = 15
RESAMPLES = 300
AT_ONCE = 20
"""Resamples whose weights are in memory at once."""
ENDS_95 = (0.025, 0.975)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """n windows from the highest score to the lowest, so that a resampling sorts nothing.

    order: (n,) positions. ends: (t,) the last position of each group of equal scores. hit: (n,) 1.0 for the class.
    """

    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    hit: Vector

    @classmethod
    def of(cls, scores: Vector, positive: Mask) -> Ranking:
        """Sort windows. scores: (n,). positive: (n,), true where the window is of the class."""
        order = np.argsort(-scores, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
        return cls(order, ends, positive[order].astype(np.float64))

    def counts(self, weights: Vector | None = None) -> tuple[Vector, Vector]:
        """Return true and false positives at each distinct score, both (t,). weights: (n,) times a window counts."""
        weight = np.ones(len(self.order)) if weights is None else weights[self.order]
        true = np.cumsum(weight * self.hit)[self.ends]
        return true, np.cumsum(weight)[self.ends] - true

    def areas(self, weights: Vector | None = None) -> tuple[float, float]:
        """Return AUROC and AUPRC, the latter as average precision. NaN without a positive, or without a negative."""
        true, false = self.counts(weights)
        if not (true[-1] > 0 and false[-1] > 0):
            return float("nan"), float("nan")
        roc = np.trapezoid(np.append(0.0, true), np.append(0.0, false)) / (true[-1] * false[-1])
        flagged = true + false
        precision = np.divide(true, flagged, out=np.zeros_like(true), where=flagged > 0)
        return float(roc), float((np.diff(true, prepend=0.0) * precision).sum() / true[-1])


def roc_area(scores: Vector, positive: Mask) -> float:
    """Return the AUROC of one score. NaN without a positive, or without a negative."""
    return Ranking.of(scores, positive).areas()[0]


def one_vs_rest(scores: Matrix, labels: Labels) -> list[Ranking]:
    """Rank windows for each class against all others. scores: (n, k), one column a class."""
    return [Ranking.of(scores[:, column], labels == column) for column in range(scores.shape[1])]


def areas(rankings: list[Ranking], weights: Vector | None = None) -> Matrix:
    """Return (k, 2): AUROC and AUPRC of each class."""
    return np.array([ranking.areas(weights) for ranking in rankings])


def mean_known(values: Matrix, axis: int) -> Matrix:
    """Return the mean along an axis of what is not NaN; NaN where nothing else is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    mean: Matrix = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def drawn_weights(patients: int, resamples: int = RESAMPLES, seed: int = 1) -> Matrix:
    """Draw patients with replacement, (resamples, patients): how often each counts. The same for each scorer.

    Windows of one patient resemble each other, so drawing windows would give intervals that are too narrow.
    """
    dice = np.random.default_rng(seed)
    return dice.multinomial(patients, np.full(patients, 1 / patients), resamples).astype(np.float64)


def drawn_sums(counts: Matrix, resamples: int = RESAMPLES, seed: int = 1) -> Matrix:
    """Return the sums of drawn patients, (resamples, ...). counts: (p, ...). The draws are those of `drawn_weights`.

    Some at a time: the weights of 50,000 patients take 120 MB.
    """
    patients, dice = len(counts), np.random.default_rng(seed)
    even = np.full(patients, 1 / patients)
    sizes = [min(AT_ONCE, resamples - start) for start in range(0, resamples, AT_ONCE)]
    drawn = (dice.multinomial(patients, even, size).astype(np.float64) for size in sizes)
    return np.concatenate([np.tensordot(weights, counts, axes=1) for weights in drawn])


def drawn_areas(rankings: list[Ranking], patients: NDArray[Any], resamples: int = RESAMPLES) -> Matrix:
    """Return `areas` of drawn patients, (resamples, k, 2)."""
    names, index = np.unique(patients, return_inverse=True)
    drawn = [areas(rankings, weights[index]) for weights in drawn_weights(len(names), resamples)]
    return np.array(drawn).reshape(resamples, len(rankings), 2)


def interval(draws: Matrix) -> Matrix:
    """Return the 95 % interval along the first axis, (2, ...), of what is not NaN; NaN where nothing else is."""
    found = np.full((2, *draws.shape[1:]), np.nan)
    some = ~np.isnan(draws).all(axis=0)
    if some.any():
        found[:, some] = np.nanquantile(draws[:, some], ENDS_95, axis=0)
    return found


def reliability(probabilities: Vector, happened: Mask) -> tuple[Vector, Vector, Vector]:
    """Sort into equal-width bins: the mean probability, the frequency and the count of each bin that is not empty."""
    place = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(place, minlength=BINS).astype(np.float64)
    used = count > 0
    said = np.bincount(place, probabilities, BINS)[used] / count[used]
    seen = np.bincount(place, happened.astype(np.float64), BINS)[used] / count[used]
    return said, seen, count[used]


def calibration_error(probabilities: Vector, happened: Mask) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015) of one probability. Both (n,)."""
    said, seen, count = reliability(probabilities, happened)
    return float((np.abs(said - seen) * count).sum() / count.sum())


def classwise_errors(probabilities: Matrix, labels: Labels) -> list[float]:
    """Return each class's calibration error (Kull et al., NeurIPS 2019). probabilities: (n, k)."""
    return [calibration_error(column, labels == place) for place, column in enumerate(probabilities.T)]


def top_label_error(probabilities: Matrix, labels: Labels) -> float:
    """Return the calibration error of the most probable class's probability."""
    return calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


def brier(probabilities: Matrix, labels: Labels) -> float:
    """Return Brier's score over all classes: 0 is perfect, 2 is certain and wrong (Brier, 1950)."""
    return float(((probabilities - np.eye(probabilities.shape[1])[labels]) ** 2).sum(axis=1).mean())


def confusion(probabilities: Matrix, labels: Labels) -> NDArray[np.intp]:
    """Count windows, (k, k): a row is the label, a column the most probable class."""
    k = probabilities.shape[1]
    return np.bincount(labels * k + probabilities.argmax(axis=1), minlength=k * k).reshape(k, k)


def predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float:
    """Return the positive predictive value at a prevalence, by Bayes. NaN where nothing is ever flagged."""
    true, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    return true / (true + false) if true + false > 0 else float("nan")
