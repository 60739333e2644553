"""What a model must beat: simple scorers of the same windows of the same patients.

Windows come with the signs in the order of `vitals.SIGNS`. A scorer gives (n, 4) by `CLASSES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import NONE, LabelledWindows, UnusableData
from fcv_api.training.metrics import Vector, roc_area

Predict = Callable[[LabelledWindows], Matrix]
Fit = Callable[[LabelledWindows], Predict]

FOLDS = 5
SEED = 1
# NEWS2 (Royal College of Physicians, 2017), without consciousness, blood pressure and oxygen, which no window has.
# By sign: the decimals it is charted with, the upper end of each band but the last, and each band's points.
NEWS2: dict[str, tuple[int, tuple[float, ...], tuple[int, ...]]] = {
    "MDC_TTHOR_RESP_RATE": (0, (8, 11, 20, 24), (3, 1, 0, 2, 3)),
    "MDC_PULS_OXIM_SAT_O2": (0, (91, 93, 95), (3, 2, 1, 0)),
    "MDC_ECG_HEART_RATE": (0, (40, 50, 90, 110, 130), (3, 1, 0, 1, 2, 3)),
    "MDC_TEMP": (1, (35.0, 36.0, 38.0, 39.0), (3, 1, 0, 1, 2)),
}


def last_value_logistic(train: LabelledWindows) -> Predict:
    """Fit a logistic regression on each sign's last value; a sign never sent is the median."""
    return _fit(logistic(), last_values, train)


def summary_boosting(train: LabelledWindows) -> Predict:
    """Fit gradient boosting on each sign's mean, deviation, extremes, last value and slope.

    The count of trees is fixed: early stopping would hold windows back, not patients, and stop too late.
    """
    return _fit(boosting(), summaries, train)


def logistic() -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return a logistic regression that is not fitted yet."""
    return make_pipeline(*_numbers(), LogisticRegression(max_iter=1000))


def boosting() -> Any:  # noqa: ANN401
    """Return gradient boosting that is not fitted yet."""
    return HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, early_stopping=False, random_state=SEED
    )


def early_warning(windows: LabelledWindows) -> Matrix:
    """Rank windows by a partial NEWS2 of the last row: points for the three states, and their negative for none.

    A ranking, no probabilities. A sign never sent has no points.
    """
    return ranking_of(last_values(windows))


def ranking_of(values: Matrix) -> Matrix:
    """Return the same of each sign's last value, (n, 9)."""
    points = np.zeros(len(values))
    for name, (decimals, uppers, bands) in NEWS2.items():
        last = np.round(values[:, INDEX_BY_NAME[name]], decimals)
        scored = np.array(bands)[np.searchsorted(uppers, last, side="left")]
        points += np.where(np.isnan(last), 0, scored)
    ranking = np.repeat(points[:, np.newaxis], len(CLASSES), axis=1)
    ranking[:, NONE] *= -1
    return ranking


FITTED: dict[str, Fit] = {"last-value logistic regression": last_value_logistic, "gradient boosting": summary_boosting}
EARLY_WARNING = "partial early warning (NEWS2)"


def cross_fit(fit: Fit, windows: LabelledWindows) -> Matrix:
    """Score each patient's windows by a scorer fitted on other patients: five folds. Raises UnusableData."""
    patients = len(np.unique(windows.patient))
    if patients < FOLDS:
        raise UnusableData(f"Baselines need {FOLDS} patients to be fitted across, and there are {patients}.")
    _check_classes(windows)
    scores = np.zeros((len(windows), len(CLASSES)))
    fold = folds(windows)
    for number in range(FOLDS):
        scored = fold == number
        scores[scored] = fit(windows.where(~scored & windows.ahead))(windows.where(scored))
    return scores


def folds(windows: LabelledWindows) -> NDArray[np.intp]:
    """Return the fold of each window's patient, (n,): patients are dealt out in turn, state by state."""
    names, index = np.unique(windows.patient, return_inverse=True)
    state = np.full(len(names), -1)
    np.maximum.at(state, index, np.where(windows.label == NONE, -1, windows.label))
    place = np.empty(len(names), dtype=np.intp)
    place[np.argsort(state, kind="stable")] = np.arange(len(names))
    return place[index] % FOLDS


def single_signs(windows: LabelledWindows) -> dict[str, float]:
    """Return, by sign, the mean AUROC of the ill states by its last value alone, each in the better of both directions.

    It shows that one number does not solve the data. A sign never sent counts as the others' median.
    """
    return {name: _alone(column, windows) for name, column in zip(SIGN_NAMES, last_values(windows).T, strict=True)}


def _alone(last: Vector, windows: LabelledWindows) -> float:
    missing = np.isnan(last)
    filled = np.where(missing, np.median(last[~missing]) if not missing.all() else 0.0, last)
    areas = [roc_area(filled, windows.label == place) for place in range(len(CLASSES)) if place != NONE]
    known = [max(area, 1 - area) for area in areas if not np.isnan(area)]
    return float(np.mean(known)) if known else float("nan")


def last_values(windows: LabelledWindows) -> Matrix:
    """Return (n, 9): each sign's last value."""
    return windows.raw[:, -1]


def summaries(windows: LabelledWindows) -> Matrix:
    """Return (n, 54): each sign's mean, deviation, least, greatest, last value and slope per instant."""
    return summaries_of(windows.raw)


def summaries_of(raw: Matrix) -> Matrix:
    """Return the same of raw windows, (n, instants, 9)."""
    steps = np.arange(raw.shape[1]) - (raw.shape[1] - 1) / 2
    slope = np.tensordot(raw, steps, axes=(1, 0)) / (steps**2).sum()
    parts = (raw.mean(axis=1), raw.std(axis=1), raw.min(axis=1), raw.max(axis=1), raw[:, -1], slope)
    return np.concatenate(parts, axis=1)


def _numbers() -> tuple[Any, Any]:
    return SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()


def _check_classes(windows: LabelledWindows) -> None:
    if len(found := np.unique(windows.label)) < 2:  # noqa: PLR2004 - one class has no other to compare with
        raise UnusableData(
            f"A baseline needs windows of two classes, and all {len(windows)} are {CLASSES[found[0]].value}."
        )


def _fit(classifier: Any, features: Callable[[LabelledWindows], Matrix], train: LabelledWindows) -> Predict:  # noqa: ANN401
    _check_classes(train)
    fit_alike(classifier, features(train), train.label)
    return lambda windows: scores_of(classifier, features(windows))


def fit_alike(classifier: Any, features: Matrix, labels: NDArray[np.intp]) -> None:  # noqa: ANN401
    """Fit a classifier so that the same data give the same one. features: (n, f). labels: (n,)."""
    with threadpool_limits(1, "openmp"):  # sums over threads come out otherwise each time, and so do the trees
        classifier.fit(features, labels)


def scores_of(classifier: Any, features: Matrix) -> Matrix:  # noqa: ANN401
    """Return (n, 4) by `CLASSES`, 0 for a class that it never met."""
    scores = np.zeros((len(features), len(CLASSES)))
    with threadpool_limits(1, "openmp"):  # on a busy machine its threads wait for each other
        scores[:, classifier.classes_] = classifier.predict_proba(features)
    return scores
