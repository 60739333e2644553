"""What a ward would hear of a model: how often it rings, whom it finds, and how long before. Each with its interval.

Shares of onsets have Wilson's intervals, rates and predictive values such over patients: one patient's alarms resemble
each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import Watch
from fcv_api.training.dataset import NONE
from fcv_api.training.metrics import Vector, drawn_sums, interval
from fcv_api.training.parts import ratio_interval

QUARTILES = (0.25, 0.5, 0.75)
AHEAD = (15, 30)
"""Minutes before an onset by which an alarm may still change what is done."""
EVENT_RATES = (0.1, 0.02)
"""Onsets a patient-day: of a shock ward, and of a mixed one. Simulated stays have far more."""
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Onsets that have a window in the two hours before.

    state: (m,) which they are of. lead: (m,) minutes from the first alarm there to the onset, NaN where none rang.
    """

    state: NDArray[np.intp]
    lead: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """Windows that were watched, and the positions of those that rang."""

    watch: Watch
    at: NDArray[np.intp]


def at_rate(watch: Watch, whole: Watch, rate: float) -> Figures:
    """Return what a model finds at some alarms per patient-hour, counted before onsets. whole: the whole stays."""
    threshold = watch.threshold_for(rate)
    found = heard(Rung(watch, watch.alarms(threshold)), Rung(whole, whole.alarms(threshold)))
    return {"at_most": rate, "threshold": threshold, **found}


def heard(before: Rung, whole: Rung, event_rates: Sequence[float] = EVENT_RATES) -> Figures:
    """Return what a ward hears of alarms. before: before onsets. whole: the whole stays.

    sensitivity: the share of encounters with an onset, and with a window in the 120 minutes before it, that rang there.
    lead_minutes: quartiles, over the encounters found, of the time from the first such alarm to the onset.
    """
    watch, rung = before.watch, before.at
    found = find(watch, rung)
    leads = found.lead[~np.isnan(found.lead)]
    return {
        "alarms_per_patient_hour": len(rung) / watch.hours if watch.hours else float("nan"),
        "patient_hours": watch.hours,
        "onsets": len(found.lead),
        "found": len(leads),
        "sensitivity": len(leads) / len(found.lead) if len(found.lead) else float("nan"),
        "sensitivity_interval": share(len(leads), len(found.lead)),
        "sensitivity_by_state": _by_state(found),
        "found_ahead": {f"{least}": share(int((leads >= least).sum()), len(found.lead)) for least in AHEAD},
        "false_alarms": float(np.mean(~watch.soon[rung])) if len(rung) else float("nan"),
        "lead_minutes": np.quantile(leads, QUARTILES).tolist() if len(leads) else [],
        "leads": leads.tolist(),
        "drawn": _drawn(watch, rung, event_rates),
        "whole_stays": _whole(whole.watch, whole.at),
    }


def find(watch: Watch, rung: NDArray[np.intp]) -> Found:
    """Find which onsets an alarm announced. rung: positions of the windows that rang."""
    near, first = np.unique(watch.encounter[watch.soon], return_index=True)
    early = rung[watch.soon[rung]]
    caught, at = np.unique(watch.encounter[early], return_index=True)
    lead = np.full(len(near), np.nan)
    lead[np.searchsorted(near, caught)] = watch.lead[early][at]
    return Found(watch.state[watch.soon][first], lead)


def share(some: int, of: int) -> Figures:
    """Return a share with Wilson's 95 % interval (Wilson 1927); NaN of nothing."""
    if not of:
        return {"count": 0, "of": 0, "value": float("nan"), "low": float("nan"), "high": float("nan")}
    ends = binomtest(some, of).proportion_ci(method="wilson")
    return {"count": some, "of": of, "value": some / of, "low": float(ends.low), "high": float(ends.high)}


def _by_state(found: Found) -> Figures:
    caught = ~np.isnan(found.lead)
    return {
        state.value: share(int(caught[found.state == place].sum()), int((found.state == place).sum()))
        for place, state in enumerate(CLASSES)
        if place != NONE
    }


def _drawn(watch: Watch, rung: NDArray[np.intp], event_rates: Sequence[float]) -> Figures:
    """Return what resampled patients give: alarms a patient-day, the share that is true, and that at other rates."""
    counts = _counted_by_patient(watch, rung)
    alarms, true, _, onsets, calm = np.vstack([counts.sum(axis=0), drawn_sums(counts)]).T
    figures = {"ppv": _ratio(true, alarms)}
    for rate in event_rates:
        heard = rate * _ratio(true, onsets)  # true alarms a patient-day where onsets are so frequent
        figures[f"ppv_at_{rate:g}_onsets_a_patient_day"] = _ratio(heard, heard + _ratio(alarms - true, calm))
    often = {"alarms_per_patient_day": _rate(counts[:, 0], counts[:, 2])}
    return often | {name: _with_ends(values) for name, values in figures.items()}


def _counted_by_patient(watch: Watch, rung: NDArray[np.intp]) -> Matrix:
    """Return (patients, 5): alarms, true alarms, days, onsets, days without an onset soon."""
    names, index = np.unique(watch.patient, return_inverse=True)
    counts = np.zeros((len(names), 5))
    np.add.at(counts[:, 0], index[rung], 1)
    np.add.at(counts[:, 1], index[rung[watch.soon[rung]]], 1)
    np.add.at(counts[:, 2], index, watch.step / 60 / 24)
    _, first = np.unique(watch.encounter[watch.soon], return_index=True)
    np.add.at(counts[:, 3], index[watch.soon][first], 1)
    np.add.at(counts[:, 4], index[~watch.soon], watch.step / 60 / 24)
    return counts


def _whole(whole: Watch, rung: NDArray[np.intp]) -> Figures:
    """Return how often it rings over whole stays, also after an onset, when somebody treats it."""
    names, index = np.unique(whole.patient, return_inverse=True)
    counts = np.zeros((len(names), 2))
    np.add.at(counts[:, 0], index[rung], 1)
    np.add.at(counts[:, 1], index, whole.step / 60 / 24)
    stays = len(np.unique(whole.encounter))
    return {
        "patient_hours": whole.hours,
        "alarms_per_patient_day": _rate(counts[:, 0], counts[:, 1]),
        "stays_that_ring": share(len(np.unique(whole.encounter[rung])), stays),
    }


def _rate(alarms: Vector, days: Vector) -> Figures:
    """Return the alarms a patient-day, with the interval over patients. Both (p,), sums of patients."""
    whole = float(days.sum())
    return ratio_interval(alarms, days).of(float(alarms.sum()) / whole if whole else float("nan"))


def _ratio(above: Vector, below: Vector) -> Vector:
    found: Vector = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return found


def _with_ends(values: Vector) -> Figures:
    low, high = interval(values[1:])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}
