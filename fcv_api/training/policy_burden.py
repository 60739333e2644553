"""What a ward would hear of a policy: from the windows that raised something, whom it found and how often it rang.

The figures are those of `burden.py`; what rang is said by `domain/alerting.py`, the code that alerts.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.alerting import QUIET, RAISED, Course, Event, follow
from fcv_api.domain.policy import MINUTE, Assessment, Policy
from fcv_api.domain.prediction import State
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import Watch
from fcv_api.training.burden import EVENT_RATES, Rung, heard
from fcv_api.training.dataset import NONE

Figures = dict[str, Any]


class Outcome(Protocol):
    """What became of one encounter. onset: in UTC; None where there was none."""

    @property
    def state(self) -> State: ...

    @property
    def onset(self) -> np.datetime64 | None: ...

    @property
    def patient(self) -> str: ...


class Assessed(NamedTuple):
    """One assessment. stay: whose, by whatever tells stays apart; each one's come in the order of the record."""

    stay: tuple[int, int]
    encounter: int
    assessment: Assessment


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """n windows that were scored, by stay and time.

    stay: (n,) the number of each one's stay. encounter: (n,). at: (n,) in microseconds. rang: (n,), whether it raised
    something. events: all of them in the order of the assessments, each with its encounter.
    """

    stay: NDArray[np.int64]
    encounter: NDArray[np.int64]
    at: NDArray[np.int64]
    rang: NDArray[np.bool_]
    events: list[tuple[int, Event]]

    @classmethod
    def of(cls, policy: Policy, assessed: Iterable[Assessed]) -> Heard:
        """Follow a policy. Of each window some bytes are kept, whatever its record holds."""
        courses: dict[tuple[int, int], Course] = {}
        numbers: dict[tuple[int, int], int] = {}
        cells, events = array("q"), list[tuple[int, Event]]()
        for stay, encounter, assessment in assessed:
            step = follow(policy, courses.get(stay, QUIET), assessment)
            courses[stay] = step.course
            events += [(encounter, event) for event in step.events]
            if not assessment.refused:
                rang = any(event.kind == RAISED for event in step.events)
                cells.extend((numbers.setdefault(stay, len(numbers)), encounter, assessment.at, rang))
        columns = np.frombuffer(cells, dtype=np.int64).reshape(-1, 4)
        columns = columns[np.lexsort((columns[:, 2], columns[:, 0]))].T
        return cls(columns[0], columns[1], columns[2], columns[3].astype(np.bool_), events)

    def of_those(self, outcomes: Mapping[int, Outcome]) -> Heard:
        """Keep the encounters whose outcome is known."""
        kept = np.isin(self.encounter, np.array(list(outcomes), dtype=np.int64))
        return Heard(self.stay[kept], self.encounter[kept], self.at[kept], self.rang[kept], self.events)


def figures_of(
    found: Heard, outcomes: Mapping[int, Outcome] | None, event_rates: Sequence[float] = EVENT_RATES
) -> Figures:
    """Return the figures of a policy. outcomes: by encounter; None where nobody knows them: then burden is all.

    An alarm is a window that raised something. Windows that were refused do not count: nobody watched meanwhile.
    """
    known = found if outcomes is None else found.of_those(outcomes)
    whole = _rung(known, outcomes or {}, whole=True)
    figures = heard(_rung(known, outcomes or {}, whole=False), whole, event_rates)
    figures.pop("leads")
    if outcomes is None:
        figures = {"whole_stays": figures["whole_stays"]}
    return figures | {
        "windows": len(known.at),
        "stays": len(np.unique(known.stay)),
        "patients": len(np.unique(whole.watch.patient)),
        "raised_by_cause": raised_by_cause(known),
    }


def _rung(found: Heard, outcomes: Mapping[int, Outcome], *, whole: bool) -> Rung:
    numbers, index = np.unique(found.encounter, return_inverse=True)
    own = [outcomes.get(number) for number in numbers.tolist()]
    onsets = np.array([np.datetime64("NaT") if each is None or each.onset is None else each.onset for each in own])
    lead = _minutes_to(onsets.astype("datetime64[us]")[index], found.at)
    kept = ~(lead <= 0) | whole
    state = np.array([NONE if each is None else CLASSES.index(each.state) for each in own], dtype=np.intp)[index]
    patient = np.array([each.patient if each else str(number) for number, each in zip(numbers, own, strict=True)])
    minute = (found.at - (found.at.min() if len(found.at) else 0)) / MINUTE
    rang, stay = found.rang[kept], found.stay[kept]
    watch = Watch(rang.astype(np.float64), stay, minute[kept], lead[kept], state[kept], patient[index][kept])
    return Rung(watch, np.flatnonzero(rang))


def _minutes_to(onset: NDArray[np.datetime64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, (n,), the minutes from each instant to its onset; NaN without one."""
    there = ~np.isnat(onset)
    lead = np.full(len(at), np.nan)
    lead[there] = (onset[there].astype(np.int64) - at[there]) / MINUTE
    return lead


def raised_by_cause(found: Heard) -> dict[str, int]:
    """Count how often each cause was raised, the most frequent first."""
    known = set(np.unique(found.encounter).tolist())
    causes, counts = np.unique(
        [event.cause for encounter, event in found.events if event.kind == RAISED and encounter in known] or [""],
        return_counts=True,
    )
    order = np.argsort(-counts, kind="stable")
    named = [bool(cause) for cause in causes[order].tolist()]
    return dict(compress(zip(causes[order].tolist(), counts[order].tolist(), strict=True), named))


def rings_at_most(found: Heard, outcomes: Mapping[int, Outcome], most: float) -> bool:
    """Return whether it rang at most so often a patient-day before onsets."""
    rung = _rung(found.of_those(outcomes), outcomes, whole=False)
    return len(rung.at) <= most / 24 * rung.watch.hours
