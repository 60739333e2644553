"""What must be known of those who were kept: whoever reads figures takes each stay for a patient of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.dataset import NONE, Cohort
from fcv_api.training.flow import EVENT_UNSEEN, KEPT, FlowRow, flow_rows
from fcv_api.validation.gathered import Gathered, StayFacts

DOMINANT = 0.5
"""Of all windows from one bed or one patient: from here on figures are that bed's."""


@dataclass(frozen=True, slots=True)
class FlowNote:
    """Something about the stays that were kept. share: of all windows, where it is about windows."""

    note: str
    patients: int
    encounters: int
    share: float | None = None


def flow(gathered: Gathered, late: NDArray[np.intp]) -> list[FlowRow]:
    """Return who was measured first, then who was not and why."""
    labels = gathered.labels
    windows = gathered.windows.where(late)
    seen = set(np.unique(windows.encounter[windows.ahead & (windows.label != NONE)]).tolist())
    kept = np.unique(windows.encounter).tolist()
    fates = gathered.fates | {
        each: KEPT if labels[each].onset is None or each in seen else EVENT_UNSEEN for each in kept
    }
    return flow_rows(Cohort([], labels, {}, gathered.sites), fates)


def flow_notes(gathered: Gathered, late: NDArray[np.intp]) -> list[FlowNote]:
    """Return what must be known of those who were measured."""
    ids, counts = np.unique(gathered.windows.encounter[late], return_counts=True)
    stays = [gathered.stays[each] for each in ids.tolist()]
    of_patients = Counter(each.patient for each in stays)
    again = [each for each in stays if of_patients[each.patient] > 1]
    moved = [each for each in stays if len(each.places) > 1]
    several = [each for each in stays if each.several]
    twice = [each for each in stays if each.again]
    found = [
        _note("readmissions: stays of patients who have another one here; drawn together", again),
        _note("transfers: stays in more than one bed; counted for the first", moved),
        _note("stays with two outcomes or more; the first one counts", several),
        _note("stays of which a window was recorded more than once; the first record counts", twice),
        *_dominant("bed", [each.places[0] if each.places else "" for each in stays], (stays, counts)),
        *_dominant("patient", [each.patient for each in stays], (stays, counts)),
    ]
    return [each for each in found if each.encounters]


def _note(note: str, stays: list[StayFacts]) -> FlowNote:
    return FlowNote(note, len({each.patient for each in stays}), len(stays))


def _dominant(kind: str, owners: list[str], of: tuple[list[StayFacts], NDArray[np.intp]]) -> list[FlowNote]:
    """Return a note where one bed or patient gives half of all windows. owners: of each stay; empty for nobody."""
    stays, counts = of
    windows: Counter[str] = Counter()
    for owner, count in zip(owners, counts.tolist(), strict=True):
        windows[owner] += count
    windows.pop("", None)
    if not windows:
        return []
    owner, most = windows.most_common(1)[0]
    if most < DOMINANT * counts.sum():
        return []
    own = [each for each, name in zip(stays, owners, strict=True) if name == owner]
    named = f" ({owner})" if kind == "bed" else ""
    note = f"one {kind}{named} gives half of all windows or more: the figures are of that {kind}"
    return [FlowNote(note, len({each.patient for each in own}), len(own), float(most / counts.sum()))]
