"""Split a cohort by patient, never by window: windows of one patient are too alike to judge a model by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from fcv_api.domain import policy
from fcv_api.domain.prediction import State
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import Cohort, LabelledWindows, UnusableData

# Which state a patient counts for who had several stays, worst first.
WORST_FIRST = (*policy.WORST_FIRST, State.NONE_OF_THESE)
VALIDATION_SHARE = 0.2


def split_patients(cohort: Cohort, seed: int) -> tuple[set[str], set[str]]:
    """Return the patients to learn from and those to calibrate by: a fifth of each worst state's, at least one of two.

    Raises UnusableData where all encounters have one state, or where no patient can be spared.
    """
    worst = worst_states(cohort)
    if len(set(worst.values())) < 2:  # noqa: PLR2004
        raise UnusableData(
            f"All {len(worst)} patients have one state ({next(iter(worst.values())).value}); needed are two at least."
            if worst
            else "There is no labelled encounter."
        )
    dice = np.random.default_rng(seed)
    held: set[str] = set()
    for state in WORST_FIRST:
        patients = sorted(patient for patient, own in worst.items() if own is state)
        count = max(round(len(patients) * VALIDATION_SHARE), min(len(patients) - 1, 1))
        held.update(dice.permutation(patients)[: max(count, 0)].tolist())
    if not held:
        raise UnusableData("No state has two patients, so none can be kept aside to calibrate by.")
    return set(worst) - held, held


def worst_states(cohort: Cohort) -> dict[str, State]:
    """Return each patient's worst state over all their stays."""
    worst: dict[str, State] = {}
    for encounter in cohort.encounters:
        label = cohort.labels[encounter.id]
        worst[label.patient] = min(worst.get(label.patient, label.state), label.state, key=WORST_FIRST.index)
    return worst


def class_mix(windows: LabelledWindows, worst: dict[str, State]) -> dict[str, Any]:
    """Count windows by class and patients by their worst state."""
    patients = Counter(worst[patient] for patient in np.unique(windows.patient).tolist())
    counts = np.bincount(windows.label, minlength=len(CLASSES)).tolist()
    return {
        "patients": {state.value: patients[state] for state in CLASSES},
        "windows": dict(zip((state.value for state in CLASSES), counts, strict=True)),
    }
