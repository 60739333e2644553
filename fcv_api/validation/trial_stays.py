"""What a candidate would have changed: of which stays, and of which states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import Cohort
from fcv_api.training.flow import flow_rows
from fcv_api.validation.trial_windows import MODELS, Trial

Members = dict[str, Any]
Rang = tuple[NDArray[np.bool_], NDArray[np.bool_]]
NAMES = [state.value for state in CLASSES]


def trial_data(trial: Trial) -> Members:
    """Return what was judged on, and what became of each stay."""
    windows, sites = trial.windows, {number: each.site for number, each in trial.stays.items()}
    first, last = (np.datetime_as_string(each, unit="s") + "Z" for each in (windows.end.min(), windows.end.max()))
    stays, patients, stated = (
        len(np.unique(each)) for each in (windows.encounter, windows.patient, windows.encounter[trial.known])
    )
    counts = {"windows": len(windows), "stays": stays, "patients": patients, "stays_with_outcome": stated}
    rows = flow_rows(Cohort([], trial.labels, {}, sites), trial.fates)
    return {
        "data": {"first": first, "last": last, **counts},
        "flow": [{"part": row.part} | asdict(row) for row in rows],
    }


def changed_stays(trial: Trial, rang: Rang) -> Members:
    """Return the stays for which the candidate alone rings, gained, or the other alone, lost. rang: (n,) of each."""
    ids, index = np.unique(trial.windows.encounter, return_inverse=True)
    answered, candidate = (np.bincount(index, each, len(ids)).astype(np.intp) for each in rang)
    firsts = [_first(index, each, trial.windows.end, len(ids)) for each in rang]
    gained, lost = (answered == 0) & (candidate > 0), (answered > 0) & (candidate == 0)
    return {
        "stays": len(ids),
        "both_ring": int(((answered > 0) & (candidate > 0)).sum()),
        "gained": [_stay(trial, *each) for each in zip(ids[gained], candidate[gained], firsts[1][gained], strict=True)],
        "lost": [_stay(trial, *each) for each in zip(ids[lost], answered[lost], firsts[0][lost], strict=True)],
    }


def _first(index: NDArray[np.intp], rang: NDArray[np.bool_], end: Any, stays: int) -> Any:  # noqa: ANN401 - NumPy's
    """Return when each stay rang first, (stays,), NaT where it never did."""
    first = np.full(stays, "NaT", dtype="datetime64[us]")
    at = np.flatnonzero(rang)[::-1]  # windows are in order: the earliest is written last
    first[index[at]] = end[at]
    return first


def _stay(trial: Trial, number: np.int64, alarms: np.intp, first: np.datetime64) -> Members:
    label = trial.labels.get(int(number))
    onset = None if label is None or label.onset is None else f"{np.datetime_as_string(label.onset, unit='s')}Z"
    return {
        "encounter": str(number),
        "alarms": int(alarms),
        "first_alarm": f"{np.datetime_as_string(first, unit='s')}Z",
        "outcome": None if label is None else label.state.value,
        "onset": onset,
    }


def agreement_of(trial: Trial) -> Members:
    """Return how often both name the same state: of each state by itself, for most windows are of one state."""
    both = ~np.isnan(trial.said[1]).any(axis=1)
    states = [each[both].argmax(axis=1) for each in trial.said]
    table = confusion_matrix(*states, labels=range(len(CLASSES))) if both.any() else np.zeros((4, 4), dtype=np.intp)
    largest = np.abs(trial.said[1][both] - trial.said[0][both]).max(axis=1, initial=0)
    one_state = len(np.unique(np.concatenate(states))) < 2  # noqa: PLR2004 - chance agrees as well then
    return {
        "windows": int(both.sum()),
        "same_state": int(np.trace(table)),
        "kappa": None if one_state else float(cohen_kappa_score(*states)),
        "by_state": {name: _of_state(table, place) for place, name in enumerate(NAMES)},
        "changes": dict(zip(NAMES, (dict(zip(NAMES, row, strict=True)) for row in table.tolist()), strict=True)),
        "largest_difference": {"median": _or_none(largest, np.median), "most": _or_none(largest, np.max)},
    }


def _of_state(table: NDArray[np.intp], place: int) -> Members:
    """Return in how many windows either named a state, and in how many both did."""
    both = int(table[place, place])
    return {
        **dict(zip(MODELS, (int(table[place].sum()), int(table[:, place].sum())), strict=True)),
        "both": both,
        "of_either": int(table[place].sum() + table[:, place].sum()) - both,
    }


def _or_none(values: Any, of: Any) -> float | None:  # noqa: ANN401
    return float(of(values)) if len(values) else None
