"""What a model is worth on labelled windows, beside baselines on the same patients.

The headline is prediction: windows that end before an onset. Those that end after it are reported apart, as detection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from fcv_api.domain.prediction import Scorer, State, probabilities_of
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import RATES, Watch, at_rate
from fcv_api.training.baselines import EARLY_WARNING, FITTED, cross_fit, early_warning, single_signs
from fcv_api.training.dataset import NONE, LabelledWindows, UnusableData
from fcv_api.training.metrics import (
    Ranking,
    areas,
    brier,
    classwise_errors,
    confusion,
    one_vs_rest,
    patient_bootstrap,
    predictive_value,
    reliability,
    top_label_error,
)

Figures = dict[str, Any]
TellWindows = Callable[[Iterable[Matrix]], Iterable[Matrix]]
"""Wraps the windows that a model is asked about in a progress bar."""
PREVALENCES = (0.01, 0.03, 0.1)
CURVE_POINTS = 200
NAMES = [state.value for state in CLASSES]


def spec_in_order(model: Scorer) -> WindowSpec:
    """Return the window of a model with the signs in the order of `vitals.SIGNS`, which baselines read too."""
    return WindowSpec(instants=model.spec.instants, step_minutes=model.spec.step_minutes)


def score_windows(model: Scorer, windows: LabelledWindows, tell: TellWindows = iter) -> Matrix:
    """Ask a model about each window, as the service does. Gives (n, 4) by `CLASSES`. Raises ModelOutput.

    windows: cut by `spec_in_order(model)`.
    """
    order = [INDEX_BY_NAME[name] for name in model.spec.signs]
    answers = (probabilities_of(model.score(model.spec.scale(raw[:, order])), model) for raw in tell(windows.raw))
    return np.array([[by_state[state] for state in CLASSES] for by_state in answers])


def compare(
    windows: LabelledWindows, named: Mapping[str, Matrix], train: LabelledWindows | None = None
) -> dict[str, Any]:
    """Assess models and all baselines. Gives what the report shows and its JSON holds. Raises UnusableData.

    named: the probabilities, (n, 4), of each model by its name; the report is of the first. train: what baselines
    are fitted on; without it each patient is scored by baselines that were fitted on four fifths of the others.
    """
    _check(windows)
    assessed = {name: assess_windows(windows, probabilities) for name, probabilities in named.items()}
    for baseline, fit in FITTED.items():
        scores = fit(train)(windows) if train else cross_fit(fit, windows)
        assessed[baseline] = assess_windows(windows, scores)
    assessed[EARLY_WARNING] = assess_windows(windows, early_warning(windows), ranking=True)
    return {
        "model": next(iter(named)),
        "baselines_fitted_on": "other patients" if train else "the same patients, in five folds",
        "data": _describe(windows),
        "single_sign_macro_auroc": single_signs(windows.where(windows.ahead)),
        "scorers": assessed,
    }


def assess_windows(windows: LabelledWindows, probabilities: Matrix, *, ranking: bool = False) -> Figures:
    """Return all figures of one scorer. probabilities: (n, 4) by `CLASSES`.

    ranking: they are only higher where a class is likelier. Then there is neither calibration nor a most probable
    class.
    """
    ahead = windows.where(windows.ahead)
    asked = probabilities[windows.ahead]
    urgency = -probabilities[:, NONE] if ranking else 1 - probabilities[:, NONE]
    watch = Watch.of(windows, urgency)
    figures = {**_discrimination(ahead, asked), "alarms": [at_rate(watch, rate) for rate in RATES]}
    if not ranking:
        figures |= {"calibration": _calibration(ahead, asked), "confusion": confusion(asked, ahead.label).tolist()}
        figures |= {"leaves_none": _leaves_none(ahead, asked)}
    return figures | {"detection": _detection(windows, probabilities, ranking=ranking)}


def _discrimination(windows: LabelledWindows, scores: Matrix) -> Figures:
    rankings = one_vs_rest(scores, windows.label)
    found, (lows, highs) = areas(rankings), patient_bootstrap(rankings, windows.patient)
    tables = {
        figure: {
            name: {"value": found[row, column], "low": lows[row, column], "high": highs[row, column]}
            for row, name in enumerate([*NAMES, "macro"])
        }
        for column, figure in enumerate(("auroc", "auprc"))
    }
    return {**tables, "curves": {name: _curve(each) for name, each in zip(NAMES, rankings, strict=True)}}


def _curve(ranking: Ranking) -> dict[str, list[float]]:
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


def _calibration(windows: LabelledWindows, probabilities: Matrix) -> Figures:
    by_class = classwise_errors(probabilities, windows.label)
    bins = {
        name: dict(
            zip(
                ("said", "seen", "count"),
                map(list, reliability(probabilities[:, place], windows.label == place)),
                strict=True,
            )
        )
        for place, name in enumerate(NAMES)
    }
    return {
        "ece": float(np.mean(by_class)),
        "ece_by_class": dict(zip(NAMES, by_class, strict=True)),
        "ece_top_label": top_label_error(probabilities, windows.label),
        "brier": brier(probabilities, windows.label),
        "bins": bins,
    }


def _leaves_none(windows: LabelledWindows, probabilities: Matrix) -> Figures:
    """Return how often `State`, the most probable class, is another than `NONE_OF_THESE`, and what that is worth.

    Windows stand for patient-hours: they are evenly spaced.
    """
    leaves, ill = probabilities.argmax(axis=1) != NONE, windows.label != NONE
    sensitivity = float(leaves[ill].mean()) if ill.any() else float("nan")
    specificity = float((~leaves[~ill]).mean()) if (~ill).any() else float("nan")
    return {
        "share": float(leaves.mean()),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": {f"{each:g}": predictive_value(sensitivity, specificity, each) for each in PREVALENCES},
    }


def _detection(windows: LabelledWindows, scores: Matrix, *, ranking: bool) -> Figures:
    """Assess windows that end at or after the onset: whether what is already there is seen.

    auroc: of the score of any state, against windows of encounters without an onset.
    """
    after, well = ~windows.ahead, np.isnan(windows.lead)
    figures: Figures = {"windows": int(after.sum()), "encounters": len(np.unique(windows.encounter[after]))}
    against = after | well
    figures["auroc"] = Ranking.of(-scores[against, NONE], after[against]).areas()[0]
    if not ranking and after.any():
        said, truth = scores[after].argmax(axis=1), windows.label[after]
        figures |= {"leaves_none": float((said != NONE).mean()), "right_state": float((said == truth).mean())}
    return figures


def _describe(windows: LabelledWindows) -> Figures:
    ahead = windows.where(windows.ahead)
    by_class = dict(zip(NAMES, np.bincount(ahead.label, minlength=len(CLASSES)).tolist(), strict=True))
    encounters = {name: len(np.unique(windows.encounter[windows.label == place])) for place, name in enumerate(NAMES)}
    never = np.isnan(windows.lead)
    return {
        "patients": len(np.unique(windows.patient)),
        "encounters": len(np.unique(windows.encounter)),
        "windows_ahead": by_class,
        "windows_detection": int((~windows.ahead).sum()),
        "encounters_with": {**encounters, State.NONE_OF_THESE.value: len(np.unique(windows.encounter[never]))},
    }


def _check(windows: LabelledWindows) -> None:
    found = np.unique(windows.label[windows.ahead])
    if len(found) < 2:  # noqa: PLR2004 - one class has no other to compare with
        only = CLASSES[found[0]].value if len(found) else "after an onset"
        raise UnusableData(f"Nothing can be told apart: all {len(windows)} windows before an onset are {only}.")
