"""The figures of a validation, of those states alone of which something can be said.

Under 20 events nothing is: no figure leaves this module for such a state, nor a mean that it would be part of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.policy import Policy
from fcv_api.lstm.attest import FEW_EVENTS, FEWEST_EVENTS
from fcv_api.training.alarms import RATES, Watch
from fcv_api.training.baselines import EARLY_WARNING
from fcv_api.training.burden import at_rate
from fcv_api.training.dataset import NONE, LabelledWindows
from fcv_api.training.discrimination import AREAS, ROWS, Discrimination
from fcv_api.training.report_members import ILL, burden, events, lead_time
from fcv_api.validation.calibration import with_intervals
from fcv_api.validation.intervals import area_interval, by_patient, share_interval
from fcv_api.validation.policy_alarms import heard_by

Figures = dict[str, Any]
Scores = NDArray[Any]
ANY = "any_of_the_three"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is measured. scores: (n, 4) by scorer; the first is the model. counts: events by state.

    policy: by which the model's alarms go, and (n,) for which windows it rang; None for thresholds.
    """

    windows: LabelledWindows
    scores: dict[str, Scores]
    counts: dict[str, int]
    policy: tuple[Policy, NDArray[np.bool_]] | None = None

    @classmethod
    def of(cls, windows: LabelledWindows, scores: dict[str, Scores]) -> Measured:
        """Count the events of what is measured."""
        return cls(windows, scores, events(windows))

    @property
    def model(self) -> str:
        """The model's name."""
        return next(iter(self.scores))

    @property
    def answered(self) -> list[str]:
        """The ill states of which something can be said."""
        return [name for name in ILL if self.counts[name] >= FEWEST_EVENTS]

    @property
    def rows(self) -> list[str]:
        """What has an area: those states, any of the three where they have events, their mean where all have."""
        some = [ANY] if sum(self.counts.values()) >= FEWEST_EVENTS else []
        return [*self.answered, *some, *(["ill"] if len(self.answered) == len(ILL) else [])]


def figures_of(measured: Measured) -> Figures:
    """Return all figures by the names of the report's members."""
    separations = {name: separation_of(measured, scores) for name, scores in measured.scores.items()}
    own = separations[measured.model]
    alarms = {name: _alarms(measured, name) for name in measured.scores}
    ward = alarms[measured.model]
    return {
        "events": measured.counts,
        "cannot_answer": [name for name in ILL if name not in measured.answered],
        "few_events": [name for name in measured.answered if measured.counts[name] < FEW_EVENTS],
        "discrimination": areas_of(measured, own),
        "curves": {name: own.curves[name] for name in measured.answered},
        "calibration": {name: calibration_of(measured, name) for name in measured.answered},
        "sensitivity": {name: each["value"] for name, each in named_of(measured).items()},
        "sensitivity_intervals": named_of(measured),
        "alarms": ward,
        "lead_time": [lead_time(at) for at in ward] if measured.rows else [],
        "burden": [_burden(at) for at in ward],
        "baselines": {
            name: {"discrimination": areas_of(measured, each), "alarms": alarms[name]}
            for name, each in separations.items()
            if name != measured.model
        },
        "differences": {
            name: _differences(measured, own.against(name, each))
            for name, each in separations.items()
            if name != measured.model
        },
    }


def separation_of(measured: Measured, scores: Scores) -> Discrimination:
    """Return how well a scorer tells the states apart, on windows before an onset."""
    ahead = measured.windows.ahead
    return Discrimination.of(measured.windows.where(ahead), scores[ahead])


def _row(name: str) -> int:
    """Return where an area stands in `ROWS`: any of the three is the rest of *none of these*."""
    return NONE if name == ANY else ROWS.index(name)


def areas_of(measured: Measured, separation: Discrimination) -> Figures:
    """Return the areas with their intervals. An AUPRC of any of the three is that of *none of these*, and left out."""
    found: Figures = {}
    for name in measured.rows:
        row = _row(name)
        found[name] = {
            area: _with_ends(float(separation.found[row, at]), separation.drawn[:, row, at])
            for at, area in enumerate(AREAS)
            if (name, area) != (ANY, "auprc")
        }
    return found


def _with_ends(value: float, drawn: NDArray[np.float64]) -> Figures:
    low, high = area_interval(value, drawn)
    return {"value": value, "low": low, "high": high}


def _differences(measured: Measured, against: Figures) -> Figures:
    """Return the paired differences of the states that can be answered."""
    states = [each for each in measured.rows if each != ANY]
    return {area: {state: against[area][state] for state in states} for area in AREAS}


def calibration_of(measured: Measured, name: str) -> Figures:
    """Return whether a state comes as often as its probability says, on windows before an onset."""
    ahead = measured.windows.ahead
    said = measured.scores[measured.model][ahead, ILL[name]].astype(np.float64)
    return with_intervals(said, measured.windows.label[ahead] == ILL[name], measured.windows.patient[ahead])


def named_of(measured: Measured) -> dict[str, Figures]:
    """Return the share of each state's windows before the onset that `State`, the most probable class, named."""
    ahead = measured.windows.ahead
    said = measured.scores[measured.model][ahead].argmax(axis=1)
    label, patients = measured.windows.label[ahead], measured.windows.patient[ahead]
    found = {}
    for name in measured.answered:
        own = label == ILL[name]
        right = by_patient(np.stack([own & (said == ILL[name]), own], axis=1).astype(float), patients)
        low, high = share_interval(right[:, 0], right[:, 1])
        found[name] = {"value": right[:, 0].sum() / right[:, 1].sum(), "low": low, "high": high}
    return found


def _alarms(measured: Measured, name: str) -> list[Figures]:
    """Return what a scorer finds at each burden, and what it costs; of answered states alone.

    Where the model's alarms go by a policy, other scorers ring at most as often as it does before onsets.
    """
    own = heard_by(measured.policy[0], measured.windows, measured.policy[1]) if measured.policy else None
    if own is not None and name == measured.model:
        return [_answerable(measured, own)]
    nothing = measured.scores[name][:, NONE]
    urgency = -nothing if name == EARLY_WARNING else 1 - nothing
    watch, whole = Watch.of(measured.windows, urgency), Watch.of(measured.windows, urgency, whole=True)
    return [_answerable(measured, at_rate(watch, whole, rate)) for rate in (RATES if own is None else [own["at_most"]])]


def _answerable(measured: Measured, at: Figures) -> Figures:
    """Leave out what too few events would have to answer."""
    at = {name: value for name, value in at.items() if name != "leads"}
    at["sensitivity_by_state"] = {name: at["sensitivity_by_state"][name] for name in measured.answered}
    if measured.rows:
        return at
    gone = ("sensitivity", "sensitivity_interval", "found", "found_ahead", "lead_minutes", "false_alarms", "drawn")
    return {name: value for name, value in at.items() if name not in gone}


def _burden(at: Figures) -> Figures:
    whole = at["whole_stays"]
    rings = {
        "alarms_per_patient_day": whole["alarms_per_patient_day"]["value"],
        "patient_hours": whole["patient_hours"],
    }
    return burden(at) if "sensitivity" in at else rings
