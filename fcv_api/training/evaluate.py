"""What a model is worth on labelled windows, beside baselines on the same patients.

The headline is prediction: windows that end before an onset. Those that end after it are reported apart, as detection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import Scorer, State, probabilities_of
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.agreement import agreement
from fcv_api.training.alarms import RATES, Watch
from fcv_api.training.baselines import EARLY_WARNING, FITTED, cross_fit, early_warning, single_signs
from fcv_api.training.burden import at_rate
from fcv_api.training.dataset import NONE, LabelledWindows, UnusableData
from fcv_api.training.discrimination import NAMES, Discrimination
from fcv_api.training.metrics import (
    brier,
    classwise_errors,
    confusion,
    predictive_value,
    roc_area,
    top_label_error,
)

Figures = dict[str, Any]
ShowProgress = Callable[[Iterable[Matrix]], Iterable[Matrix]]
"""Wraps the windows that a model is asked about in a progress bar."""
PREVALENCES = (0.01, 0.03, 0.1)


def spec_in_order(model: Scorer) -> WindowSpec:
    """Return the window of a model with the signs in the order of `vitals.SIGNS`, which baselines read too."""
    spec = model.spec
    return WindowSpec(instants=spec.instants, step_minutes=spec.step_minutes, sampling=spec.sampling)


def score_windows(model: Scorer, windows: LabelledWindows, shown: ShowProgress = iter) -> Matrix:
    """Ask a model about each window, as the service does. Gives (n, 4) by `CLASSES`. Raises ModelOutput.

    windows: cut by `spec_in_order(model)`.
    """
    order = [INDEX_BY_NAME[name] for name in model.spec.signs]
    answers = (probabilities_of(model.score(model.spec.scale(raw[:, order])), model) for raw in shown(windows.raw))
    return np.array([[by_state[state] for state in CLASSES] for by_state in answers])


def compare(
    windows: LabelledWindows, named: Mapping[str, Matrix], train: LabelledWindows | None = None
) -> dict[str, Any]:
    """Assess models and all baselines. Gives what the report shows and its JSON holds. Raises UnusableData.

    named: the probabilities, (n, 4), of each model by its name; the report is of the first. train: what baselines
    are fitted on; without it each patient is scored by baselines that were fitted on four fifths of the others. They
    learn from windows before an onset alone: an arrest's own signs would bend a regression away from what leads to it.
    """
    check_classes(windows)
    scored = dict(named)
    for baseline, fit in FITTED.items():
        scored[baseline] = fit(train.where(train.ahead))(windows) if train else cross_fit(fit, windows)
    scored[EARLY_WARNING] = early_warning(windows)
    separations = {name: _discrimination(windows, scores) for name, scores in scored.items()}
    model = next(iter(named))
    return {
        "model": model,
        "baselines_fitted_on": "other patients" if train else "the same patients, in five folds",
        "data": _describe(windows),
        "single_sign_ill_auroc": single_signs(windows.where(windows.ahead)),
        "scorers": {
            name: separations[name].figures() | _ward(windows, scores, ranking=name == EARLY_WARNING)
            for name, scores in scored.items()
        },
        "differences": {
            name: separations[model].against(name, other) for name, other in separations.items() if name != model
        },
    }


def assess_windows(windows: LabelledWindows, probabilities: Matrix, *, ranking: bool = False) -> Figures:
    """Return all figures of one scorer. probabilities: (n, 4) by `CLASSES`.

    ranking: they are only higher where a class is likelier. Then there is neither calibration nor a most probable
    class.
    """
    return _discrimination(windows, probabilities).figures() | _ward(windows, probabilities, ranking=ranking)


def _discrimination(windows: LabelledWindows, scores: Matrix) -> Discrimination:
    return Discrimination.of(windows.where(windows.ahead), scores[windows.ahead])


def _ward(windows: LabelledWindows, probabilities: Matrix, *, ranking: bool) -> Figures:
    """Return what a ward would hear of a scorer, whether it can be believed, and what it sees after an onset."""
    ahead = windows.where(windows.ahead)
    asked = probabilities[windows.ahead]
    urgency = -probabilities[:, NONE] if ranking else 1 - probabilities[:, NONE]
    watch, whole = Watch.of(windows, urgency), Watch.of(windows, urgency, whole=True)
    figures: Figures = {"alarms": [at_rate(watch, whole, rate) for rate in RATES]}
    if not ranking:
        figures |= {"calibration": _calibration(ahead, asked), "confusion": confusion(asked, ahead.label).tolist()}
        figures |= {"leaves_none": _leaves_none(ahead, asked)}
    return figures | {"detection": _detection(windows, probabilities, ranking=ranking)}


def _calibration(windows: LabelledWindows, probabilities: Matrix) -> Figures:
    by_class = classwise_errors(probabilities, windows.label)
    return {
        "ece": float(np.mean(by_class)),
        "ece_by_class": dict(zip(NAMES, by_class, strict=True)),
        "ece_top_label": top_label_error(probabilities, windows.label),
        "brier": brier(probabilities, windows.label),
        "by_state": {
            name: agreement(probabilities[:, place], windows.label == place) for place, name in enumerate(NAMES)
        },
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
    figures["auroc"] = roc_area(-scores[against, NONE], after[against])
    if not ranking and after.any():
        said, truth = scores[after].argmax(axis=1), windows.label[after]
        figures |= {"leaves_none": float((said != NONE).mean()), "right_state": float((said == truth).mean())}
        figures["leaves_none_by_state"] = _left_by_state(said, truth)
    return figures


def _left_by_state(said: NDArray[np.intp], truth: NDArray[np.intp]) -> Figures:
    """Return how often another state than `NONE_OF_THESE` was said, of each state that windows have."""
    found = {name: said[truth == place] for place, name in enumerate(NAMES)}
    return {name: float((each != NONE).mean()) for name, each in found.items() if len(each)}


def _describe(windows: LabelledWindows) -> Figures:
    ahead = windows.where(windows.ahead)
    by_class = dict(zip(NAMES, np.bincount(ahead.label, minlength=len(CLASSES)).tolist(), strict=True))
    encounters = {name: len(np.unique(windows.encounter[windows.label == place])) for place, name in enumerate(NAMES)}
    encounters[State.NONE_OF_THESE.value] = len(np.unique(windows.encounter[np.isnan(windows.lead)]))
    watch = Watch.of(windows, np.zeros(len(windows)))
    return {
        "event_rate": {name: count / len(ahead) for name, count in by_class.items()},
        "onsets_per_patient_day": len(np.unique(watch.encounter[watch.soon])) / watch.hours * 24,
        "patients": len(np.unique(windows.patient)),
        "encounters": len(np.unique(windows.encounter)),
        "windows_ahead": by_class,
        "windows_detection": int((~windows.ahead).sum()),
        "encounters_with": encounters,
    }


def check_classes(windows: LabelledWindows) -> None:
    found = np.unique(windows.label[windows.ahead])
    if len(found) < 2:  # noqa: PLR2004 - one class has no other to compare with
        only = CLASSES[found[0]].value if len(found) else "after an onset"
        raise UnusableData(f"Nothing can be distinguished: all {len(windows)} windows before an onset are {only}.")
