"""The figures of a silent trial, each of both models and as a paired difference.

Under 20 events of a state nothing is said of it, and without outcomes nothing of sensitivity, lead time or calibration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.errors import TooFewInstants
from fcv_api.lstm.attest import FEW_EVENTS, FEWEST_EVENTS
from fcv_api.training.alarms import RATES, SILENCE, Watch
from fcv_api.training.burden import AHEAD, Found, find
from fcv_api.training.report_members import ILL, events
from fcv_api.validation.paired import Patients, calibrations, medians, pair, ratio
from fcv_api.validation.trial_stays import Rang, agreement_of, changed_stays
from fcv_api.validation.trial_windows import MODELS, Trial

Members = dict[str, Any]
ANY = "any_of_the_three"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What rings, and for which windows of each model. about: the rule, for a report."""

    about: Members
    rang: Rang


def trial_members(trial: Trial, policy: Members | None) -> Members:
    """Return all figures. policy: what is said of the one that was followed; None where there was none."""
    patients = Patients.of(trial.windows.patient)
    counts = events(trial.windows.where(trial.known))
    answered = [state for state in ILL if counts[state] >= FEWEST_EVENTS]
    states = [*answered, *([ANY] if sum(counts.values()) >= FEWEST_EVENTS else [])]
    rules = [Rule(policy, trial.rang)] if policy and trial.rang else list(_thresholds(trial))
    return {
        "events": counts,
        "outcomes": bool(trial.known.any()),
        "cannot_answer": [state for state in ILL if state not in answered],
        "few_events": [state for state in answered if counts[state] < FEW_EVENTS],
        "alarms": [_heard(trial, rule, patients, states) for rule in rules],
        "named_by_state": {state: _named(trial, patients, state) for state in answered},
        "calibration": {state: _calibration(trial, patients, state) for state in answered},
        "refusals": _refusals(trial),
        "agreement": agreement_of(trial),
    }


def _thresholds(trial: Trial) -> Iterator[Rule]:
    """Yield what rings so often before onsets: first by one threshold for both, then by each model's own."""
    watches = [trial.watch(model) for model in range(len(MODELS))]
    for rate in RATES:
        own = [watch.only(trial.windows.ahead).threshold_for(rate) for watch in watches]
        for kind, thresholds in (("threshold", [own[0]] * 2), ("own_thresholds", own)):
            about = {
                "kind": kind,
                "at_most_alarms_per_patient_day": rate * 24,
                "thresholds": [each if np.isfinite(each) else None for each in thresholds],
                "silence_minutes": SILENCE,
            }
            answered, candidate = (_rings(*each) for each in zip(watches, thresholds, strict=True))
            yield Rule(about, (answered, candidate))


def _rings(watch: Watch, threshold: float) -> NDArray[np.bool_]:
    rang = np.zeros(len(watch.score), dtype=np.bool_)
    rang[watch.alarms(threshold)] = True
    return rang


def _heard(trial: Trial, rule: Rule, patients: Patients, states: list[str]) -> Members:
    """Return what a ward would have heard of both by one rule, and which stays would have changed."""
    watch = trial.watch(0)
    rung = [np.flatnonzero(each) for each in rule.rang]
    whole = np.ones(len(watch.score), dtype=np.bool_)
    soon, first = np.flatnonzero(watch.soon), np.unique(watch.encounter[watch.soon], return_index=True)[1]
    onsets = soon[first]  # one window of each stay with an onset
    found = [find(watch, at) for at in rung]
    return {
        "rule": rule.about,
        "patient_days": watch.hours / 24,
        "alarms_per_patient_day": _rates(rule, watch, patients, whole),
        "alarms_per_patient_day_before_onsets": _rates(rule, watch, patients, trial.windows.ahead),
        "sensitivity": _sensitivities(found, patients, onsets, states),
        "lead_time": _leads(found, patients, onsets) if ANY in states else None,
        "changed": changed_stays(trial, rule.rang),
    }


def _rates(rule: Rule, watch: Watch, patients: Patients, watched: NDArray[np.bool_]) -> Members:
    """Return the alarms a patient-day over the windows that are watched. watched: (n,)."""
    at = np.flatnonzero(watched)
    days = patients.sums(np.full(len(at), watch.step / 60 / 24), at)
    return pair(*(ratio(patients.sums(each[at], at), days) for each in rule.rang))


def _sensitivities(
    found: list[Found], patients: Patients, onsets: NDArray[np.intp], states: list[str]
) -> dict[str, Members]:
    """Return the shares of onsets that an alarm found in the two hours before. onsets: (m,), a window of each."""
    shares = {}
    for state in states:
        own = np.ones(len(onsets), dtype=np.bool_) if state == ANY else found[0].state == ILL[state]
        below = patients.sums(np.ones(int(own.sum())), onsets[own])
        rang = [~np.isnan(each.lead[own]) for each in found]
        both = pair(*(ratio(patients.sums(each, onsets[own]), below) for each in rang))
        shares[state] = {"onsets": int(own.sum()), "found": [int(each.sum()) for each in rang]} | both
    return shares


def _leads(found: list[Found], patients: Patients, onsets: NDArray[np.intp]) -> Members:
    """Return the median minutes from an alarm to the onset, and the shares of onsets found so long before."""
    weights = patients.of_each(onsets)
    below = weights.sum(axis=1)
    return {
        "median_minutes": pair(*(medians(each.lead, weights) for each in found)),
        **{
            f"found_{least}_minutes_ahead": pair(*(ratio(weights @ (each.lead >= least), below) for each in found))
            for least in AHEAD
        },
    }


def _ahead(trial: Trial) -> NDArray[np.intp]:
    """Return the positions of windows before an onset whose state is known, and that both models answered."""
    both = ~np.isnan(trial.said[1]).any(axis=1)
    return np.flatnonzero(trial.known & trial.windows.ahead & both)


def _named(trial: Trial, patients: Patients, state: str) -> Members:
    """Return the share of a state's windows before the onset that `State`, the most probable class, named."""
    at = _ahead(trial)
    own = at[trial.windows.label[at] == ILL[state]]
    below = patients.sums(np.ones(len(own)), own)
    right = (each[own].argmax(axis=1) == ILL[state] for each in trial.said)
    return pair(*(ratio(patients.sums(each, own), below) for each in right))


def _calibration(trial: Trial, patients: Patients, state: str) -> Members:
    at = _ahead(trial)
    happened = trial.windows.label[at] == ILL[state]
    drawn = [calibrations(each[at, ILL[state]].astype(np.float64), happened, patients, at) for each in trial.said]
    return {name: pair(drawn[0][name], drawn[1][name]) for name in drawn[0]}


def _refusals(trial: Trial) -> Members:
    """Return the shares of what was asked that was refused, without the first minutes of stays."""
    stays, patients, at = list(trial.stays.values()), Patients.of(_owners(trial)), np.arange(len(trial.stays))
    early = np.array([each.refused[0][TooFewInstants.code] for each in stays], dtype=np.float64)
    asked = patients.sums(np.array([each.asked for each in stays]) - early, at)
    counts = [np.array([each.refused[place].total() for each in stays]) - early for place in range(len(MODELS))]
    reasons = ({reason for each in stays for reason in each.refused[place]} for place in range(len(MODELS)))
    return {
        "asked": int(asked[0]),
        "share": pair(*(ratio(patients.sums(each, at), asked) for each in counts)),
        "by_reason": {
            name: {reason: sum(each.refused[place][reason] for each in stays) for reason in sorted(found)}
            for place, (name, found) in enumerate(zip(MODELS, reasons, strict=True))
        },
    }


def _owners(trial: Trial) -> NDArray[np.str_]:
    """Return the patient of each stay that was asked about."""
    owners = {number: label.patient for number, label in trial.labels.items()}
    return np.array([owners.get(each, f"encounter {each}") for each in trial.stays], dtype=str)
