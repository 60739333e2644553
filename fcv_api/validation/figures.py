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
from fcv_api.training.discrimination import curve
from fcv_api.training.metrics import Ranking
from fcv_api.training.report_members import ILL, burden, events, lead_time
from fcv_api.validation.calibration import with_intervals
from fcv_api.validation.intervals import by_patient, share_interval
from fcv_api.validation.policy_alarms import heard_by
from fcv_api.validation.separation import ANY, MEAN, Separation, areas_with_intervals, differences, separate

Figures = dict[str, Any]
Scores = NDArray[Any]


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
        return [*self.answered, *some, *([MEAN] if len(self.answered) == len(ILL) else [])]


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
        "discrimination": areas_with_intervals(own),
        "curves": _curves(measured),
        "calibration": {name: calibration_of(measured, name) for name in measured.answered},
        "sensitivity": {name: each["value"] for name, each in named_of(measured).items()},
        "sensitivity_intervals": named_of(measured),
        "alarms": ward,
        "lead_time": [lead_time(at) for at in ward] if measured.rows else [],
        "burden": [_burden(at) for at in ward],
        "baselines": {
            name: {"discrimination": areas_with_intervals(each), "alarms": alarms[name]}
            for name, each in separations.items()
            if name != measured.model
        },
        "differences": {
            name: differences(own, name, each) for name, each in separations.items() if name != measured.model
        },
    }


def separation_of(measured: Measured, scores: Scores) -> Separation:
    """Return how well a scorer tells the states apart, on windows before an onset."""
    ahead = measured.windows.ahead
    return separate(measured.windows.where(ahead), scores[ahead], measured.rows)


def _curves(measured: Measured) -> Figures:
    """Return the model's curves of the answered states."""
    ahead = measured.windows.ahead
    label, scores = measured.windows.label[ahead], measured.scores[measured.model][ahead]
    return {name: curve(Ranking.of(scores[:, ILL[name]], label == ILL[name])) for name in measured.answered}


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
        found[name] = share_interval(right[:, 0], right[:, 1]).of(right[:, 0].sum() / right[:, 1].sum())
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
