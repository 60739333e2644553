"""The windows of the record as two models answered them: the one that the ward heard, and one that is tried in silence.

All stays count for alarms. For sensitivity, lead time and calibration only those count whose outcome is known.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.alerting import QUIET, RAISED, Course, follow
from fcv_api.domain.policy import Assessment, Policy
from fcv_api.ledger.record import Record
from fcv_api.ledger.sources import source_of
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import Watch
from fcv_api.training.dataset import MINUTE, NONE, Horizon, Label, LabelledWindows
from fcv_api.training.flow import UNKNOWN
from fcv_api.validation.trial_labels import AskedStay, Labelled
from fcv_api.wire.outcomes import StayOutcome

MODELS = ANSWERED, CANDIDATE = "answered", "candidate"
"""Who answered when it was recorded, and who is tried."""
Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


class Tried(NamedTuple):
    """One record, and what two models make of its window, in the order of `MODELS`.

    stream: whose course of a policy it is of. refused: why, or None where there is a score.
    """

    record: Record
    stream: tuple[int, int]
    assessments: tuple[Assessment, Assessment]
    refused: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """n windows that a model answered, by stay and end, each window once, by its first record.

    windows: without raw rows; of a stay without an outcome the label says nothing. known: (n,), where it does say
    something. said: (n, 4) of each model by `CLASSES`, NaN where it refused. rang: (n,) of each model, where a policy
    was followed. stays: by encounter. labels, fates: as of a flow. by: windows by the model that answered.
    """

    windows: LabelledWindows
    known: NDArray[np.bool_]
    said: Pair
    rang: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None
    stays: dict[int, AskedStay]
    labels: dict[int, Label]
    fates: dict[int, str]
    by: Counter[str]

    def watch(self, model: int) -> Watch:
        """Watch whole stays with a model's scores. The state is that of the outcome, also long before an onset."""
        windows = self.windows
        ids, index = np.unique(windows.encounter, return_inverse=True)
        stated = [self.labels.get(each) for each in ids.tolist()]
        states = np.array([NONE if each is None else CLASSES.index(each.state) for each in stated], dtype=np.intp)
        minute = (windows.end - windows.end.min()) / MINUTE
        urgency = 1 - self.said[model][:, NONE].astype(np.float64)
        return Watch(urgency, windows.encounter, minute, windows.lead, states[index], windows.patient)


class TrialGatherer:
    """Takes records one after the other, and keeps some 60 bytes of each window."""

    def __init__(self, policy: Policy | None) -> None:
        """policy: which one both models are followed by, as the service follows the one that answers."""
        self.policy = policy
        self.stays: dict[int, AskedStay] = {}
        self.by: Counter[str] = Counter()
        self._courses: tuple[dict[tuple[int, int], Course], ...] = (
            defaultdict(lambda: QUIET),
            defaultdict(lambda: QUIET),
        )
        self._times, self._said, self._rang = array("q"), array("f"), array("b")

    def take(self, tried: Tried) -> None:
        """Follow the policy, count what was refused, and keep what was answered."""
        rang = [self._follows(place, tried) for place in range(len(MODELS))]
        record = tried.record
        stay = self._asked(tried)
        if record.problem is not None:
            return
        first, end = (_microseconds(text) for text in (record.window_first, record.window_last))
        stay.first = min(stay.first, np.datetime64(first, "us"))
        self.by[f"{record.model_name}/{record.model_version}"] += 1
        self._times.extend((record.encounter, end))
        for each in tried.assessments:
            self._said.extend(each.probabilities[state] if each.probabilities else np.nan for state in CLASSES)
        self._rang.extend(rang)

    def _follows(self, place: int, tried: Tried) -> bool:
        if self.policy is None:
            return False
        courses = self._courses[place]
        step = follow(self.policy, courses[tried.stream], tried.assessments[place])
        courses[tried.stream] = step.course
        return any(event.kind == RAISED for event in step.events)

    def _asked(self, tried: Tried) -> AskedStay:
        """Count what was asked of a stay, and what was refused."""
        record = tried.record
        stay = self.stays.get(record.encounter)
        if stay is None:
            at = np.datetime64(_microseconds(record.at), "us")
            stay = self.stays[record.encounter] = AskedStay(at, source_of(record.sources) or UNKNOWN)
        stay.asked += 1
        for counter, reason in zip(stay.refused, tried.refused, strict=True):
            counter.update([] if reason is None else [reason])
        return stay

    def together(self, outcomes: Mapping[int, StayOutcome], horizon: Horizon) -> Trial:
        """Put windows in order, and label those of stays whose outcome is known."""
        times, order = self._in_order()
        said = np.frombuffer(self._said, np.float32).reshape(-1, len(MODELS), len(CLASSES))[order]
        rang = np.frombuffer(self._rang, np.int8).reshape(-1, len(MODELS))[order].astype(np.bool_)
        labels = {number: Label(each.state, each.onset, each.patient) for number, each in outcomes.items()}
        labelled = Labelled.of(times[:, 0], times[:, 1].astype("datetime64[us]"), (labels, self.stays), horizon)
        policy = None if self.policy is None else (rang[:, 0], rang[:, 1])
        answers = said[:, 0], said[:, 1]
        mine = {number: each for number, each in labels.items() if number not in labelled.outside}
        fates = labelled.fates(labels, self.stays)
        return Trial(labelled.windows(mine), labelled.known, answers, policy, self.stays, mine, fates, self.by)

    def _in_order(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Return encounters and ends, (n, 2), in their order, and where each stood. What came again is left out."""
        times = np.frombuffer(self._times, np.int64).reshape(-1, 2)
        order = np.lexsort((np.arange(len(times)), times[:, 1], times[:, 0]))
        again = np.append(False, (np.diff(times[order], axis=0) == 0).all(axis=1))[: len(order)]
        return times[order[~again]], order[~again]


def _microseconds(text: str | None) -> int:
    return int(np.datetime64((text or "").removesuffix("Z"), "us").astype(np.int64))
