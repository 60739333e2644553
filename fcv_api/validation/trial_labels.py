"""Label the windows of a silent trial: of those stays whose outcome is known, and of no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.dataset import MINUTE, NONE, Horizon, Label, LabelledWindows
from fcv_api.training.flow import ALARMS_ALONE, KEPT, ONSET_OUTSIDE, TOO_SHORT
from fcv_api.validation.from_record import NO_RECORD, label_stay


@dataclass(slots=True)
class AskedStay:
    """What was asked of one stay. first: of its first window. refused: by reason, of the model that answered first."""

    first: np.datetime64
    site: str
    asked: int = 0
    refused: tuple[Counter[str], Counter[str]] = field(default_factory=lambda: (Counter(), Counter()))


Stated = tuple[Mapping[int, Label], Mapping[int, AskedStay]]
"""By encounter, what became of a stay, and what was asked of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Windows with their states, (n,). known: where the state is. outside: stays with an onset outside of them."""

    encounter: NDArray[np.int64]
    end: NDArray[np.datetime64]
    label: NDArray[np.intp]
    lead: NDArray[np.float64]
    known: NDArray[np.bool_]
    outside: set[int]

    @classmethod
    def of(
        cls, encounter: NDArray[np.int64], end: NDArray[np.datetime64], stated: Stated, horizon: Horizon
    ) -> Labelled:
        """Label the windows of each stay that has an outcome. encounter, end: (n,), by stay and end."""
        labels, stays = stated
        nothing = np.full(len(end), NONE), np.full(len(end), np.nan), np.zeros(len(end), dtype=np.bool_)
        found = cls(encounter, end, *nothing, set())
        starts = np.flatnonzero(np.diff(encounter, prepend=-1))
        for own in np.split(np.arange(len(end)), starts[1:]) if len(end) else ():
            number = int(encounter[own[0]])
            if number in labels:
                found._label(own, labels[number], stays[number].first, horizon)
        return found

    def _label(self, own: NDArray[np.intp], label: Label, first: np.datetime64, horizon: Horizon) -> None:
        """Label one stay. own: positions of its windows."""
        labelled = label_stay(self.end[own], first, label, horizon)
        if labelled is None:
            self.outside.add(int(self.encounter[own[0]]))
            return
        self.known[own[labelled[0]]], self.label[own[labelled[0]]] = True, labelled[1]
        if label.onset is not None:
            self.lead[own] = (label.onset - self.end[own]) / MINUTE

    def windows(self, labels: Mapping[int, Label]) -> LabelledWindows:
        """Return them, each with the number of its patient. labels: of the stays whose outcome is known."""
        ids, index = np.unique(self.encounter, return_inverse=True)
        stated = {each: labels[each].patient for each in ids.tolist() if each in labels}
        names = np.array([stated.get(each, f"encounter {each}") for each in ids.tolist()], dtype=str)
        patients = np.unique(names, return_inverse=True)[1].astype(np.int32)
        raw = np.empty((len(self.end), 0, 0))
        return LabelledWindows(raw, self.encounter, patients[index], self.end, self.label, self.lead)

    def fates(self, labels: Mapping[int, Label], stays: Mapping[int, AskedStay]) -> dict[int, str]:
        """Return what became of each stay that was recorded, or has an outcome."""
        there, measured = (set(np.unique(each).tolist()) for each in (self.encounter, self.encounter[self.known]))
        fates = dict.fromkeys(labels, NO_RECORD)
        for number, stay in stays.items():
            if number not in there:
                fates[number] = stay.refused[0].most_common(1)[0][0]
            elif number not in labels:
                fates[number] = ALARMS_ALONE
            else:
                fates[number] = KEPT if number in measured else TOO_SHORT
        return fates | dict.fromkeys(self.outside, ONSET_OUTSIDE)
