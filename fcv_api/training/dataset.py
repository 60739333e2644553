"""Labelled windows: what a model learns from, and what it is judged by.

A window is cut by `domain/slots.py`, the very code that serves, so that training and serving cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import State
from fcv_api.domain.slots import window_as_sent
from fcv_api.domain.window import History, Matrix, WindowSpec
from fcv_api.lstm.import_request import CLASSES

NONE = CLASSES.index(State.NONE_OF_THESE)
MINUTE = np.timedelta64(1, "m")
OnProgress = Callable[[Iterator[Encounter], int], Iterator[Encounter]]
"""Wraps a loop in a progress bar: the loop, and how many rounds it has."""


class UnusableData(Exception):
    """Nothing can be learnt from what was given. The message is one sentence that says what it lacks."""


@dataclass(frozen=True, slots=True)
class Label:
    """What became of one encounter. onset: when the state began, in UTC; None for `NONE_OF_THESE`.

    patient: whose stay it was. One patient's stays are never on both sides of a split.
    """

    state: State
    onset: np.datetime64 | None
    patient: str


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Encounters, each with its label by its id.

    lost: what the files hold of others, and why they are left out, by id; they may have a label. sites: by id.
    """

    encounters: list[Encounter]
    labels: dict[int, Label]
    lost: dict[int, str] = field(default_factory=dict)
    sites: dict[int, str] = field(default_factory=dict)

    def only(self, patients: set[str]) -> Cohort:
        """Keep the encounters of some patients."""
        kept = [each for each in self.encounters if self.labels[each.id].patient in patients]
        return replace(self, encounters=kept)


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far after a window's end the state is asked, and how densely windows are cut.

    minutes: from the window's end to the instant whose state is the window's label.
    every: a window ends at each `every`-th instant of an encounter.
    """

    minutes: float = 30.0
    every: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class LabelledWindows:
    """n windows.

    raw: (n, instants, 9) in the model's order and the signs' own units; a static sign never sent is NaN.
    encounter: (n,) ids. patient: (n,) texts, or numbers that stand for them.
    end: (n,) datetime64[us] in UTC, the window's last instant.
    label: (n,) index into `CLASSES`, the state at the horizon after `end`.
    lead: (n,) minutes from `end` to the encounter's onset: negative after it, NaN where there was none.
    """

    raw: Matrix
    encounter: NDArray[np.int64]
    patient: NDArray[Any]
    end: NDArray[np.datetime64]
    label: NDArray[np.intp]
    lead: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.label)

    def where(self, wanted: NDArray[np.bool_] | NDArray[np.intp]) -> LabelledWindows:
        """Keep some of the windows, by a mask or by positions."""
        return LabelledWindows(**{each.name: getattr(self, each.name)[wanted] for each in fields(self)})

    def and_those(self, others: LabelledWindows) -> LabelledWindows:
        """Return these windows and others after them."""
        pairs = {each.name: (getattr(self, each.name), getattr(others, each.name)) for each in fields(self)}
        return LabelledWindows(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    @property
    def ahead(self) -> NDArray[np.bool_]:
        """(n,), true where the window ends before the onset: prediction. Where it does not, it is detection."""
        return ~(self.lead <= 0)  # NaN, no onset, is ahead


def cut_windows(
    cohort: Cohort, spec: WindowSpec, horizon: Horizon, on_progress: OnProgress | None = None
) -> LabelledWindows:
    """Cut and label the windows of a cohort. Raises UnusableData where there is none.

    A window whose future is not known is left out: one whose horizon lies after the end of an encounter, unless
    the onset was before that.
    """
    loop = iter(cohort.encounters)
    loop = on_progress(loop, len(cohort.encounters)) if on_progress else loop
    rows = [row for encounter in loop for row in _windows_of(encounter, cohort.labels[encounter.id], spec, horizon)]
    if not rows:
        raise UnusableData(
            f"None of the {len(cohort.encounters)} encounters has a window: {spec.instants} instants within "
            f"{2 * spec.span_minutes:g} minutes, with every moving sign measured, and a known state "
            f"{horizon.minutes:g} minutes later."
        )
    raw, ids, patients, ends, labels, leads = zip(*rows, strict=True)
    return LabelledWindows(
        raw=np.stack(raw),
        encounter=np.array(ids, dtype=np.int64),
        patient=np.array(patients),
        end=np.array(ends, dtype="datetime64[us]"),
        label=np.array(labels, dtype=np.intp),
        lead=np.array(leads, dtype=np.float64),
    )


Row = tuple[Matrix, int, str, np.datetime64, int, float]


def _windows_of(encounter: Encounter, label: Label, spec: WindowSpec, horizon: Horizon) -> Iterator[Row]:
    history = History.of(encounter)
    instants = history.instants[spec.instants - 1 :: horizon.every]
    for place, state, lead in zip(*label_ends(instants, history.instants[-1:], label, horizon), strict=True):
        try:
            window = window_as_sent(history.until(int(place) * horizon.every + spec.instants), spec)
        except Unscorable:
            continue  # the service would refuse it, so no model is asked about it
        yield window.raw, encounter.id, label.patient, instants[place], int(state), float(lead)


def label_ends(
    ends: NDArray[np.datetime64], last: NDArray[np.datetime64], label: Label, horizon: Horizon
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Label windows by when they end. ends: (n,). last: (1,), of the stay.

    Returns of those whose future is known their positions, their states at the horizon, and the minutes to the onset.
    """
    onset = np.datetime64("NaT") if label.onset is None else label.onset
    lead = (onset - ends) / MINUTE  # NaN where there is no onset
    reached = lead <= horizon.minutes  # false for NaN
    known = np.flatnonzero(reached | ((last - ends) / MINUTE >= horizon.minutes))  # else nobody knows what came
    states = np.where(reached, CLASSES.index(label.state), NONE)
    return known, states[known], lead[known]
