"""The same question for parts of the patients: a figure over everybody may hide a group for whom a model fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.training.dataset import NONE, LabelledWindows
from fcv_api.training.flow import UNKNOWN
from fcv_api.training.parts import ratio_interval
from fcv_api.training.report_members import events
from fcv_api.validation.areas import Areas, owners_of
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.intervals import area_interval, by_patient

Figures = dict[str, Any]
OF_STAYS = ("site", "unit", "age", "sex")
GAPS = ("a sign filled for a quarter or more, or at the end", "no sign filled")
Groups = tuple[list[str], NDArray[Any]]
"""Names, and of each window the place of its group among them: of millions of windows their names fill the memory."""
MOST_GROUPS = 24
"""Of one kind, the largest ones: a site's 200 beds are no subgroups."""


def subgroups(gathered: Gathered, late: NDArray[np.intp]) -> list[Figures]:
    """Return figures of any of the three states by group. late: positions of the windows that are measured."""
    windows = gathered.windows.where(late)
    ill = 1 - gathered.probabilities[late, NONE].astype(np.float64)
    return [
        {"by": by, "group": group} | _figures(windows.where(own), ill[own])
        for by, groups in _groups(gathered, windows, late)
        for group, own in _largest(groups)
    ]


def _groups(gathered: Gathered, windows: LabelledWindows, late: NDArray[np.intp]) -> Iterator[tuple[str, Groups]]:
    """Yield each kind of group, with the names of the groups and each window's place among them, (n,)."""
    ids, index = np.unique(windows.encounter, return_inverse=True)
    for by in OF_STAYS:
        names = [getattr(gathered.stays[each], by) for each in ids.tolist()]
        if set(names) != {UNKNOWN}:
            known, place = np.unique(names, return_inverse=True)
            yield by, (known.tolist(), place.astype(np.int32)[index])
    months, place = np.unique(windows.end.astype("datetime64[M]").astype(np.int32), return_inverse=True)
    yield "month", (months.astype("datetime64[M]").astype(str).tolist(), place)
    yield "missing", (list(GAPS), (gathered.gaps[late] == 0).astype(np.int8))


def _largest(groups: Groups) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name of each group that has windows, and which they are, (n,)."""
    names, place = groups
    counts = np.bincount(place, minlength=len(names))
    for each in sorted(np.argsort(-counts, kind="stable")[:MOST_GROUPS].tolist()):
        if counts[each]:
            yield names[each], place == each


def _figures(windows: LabelledWindows, ill: NDArray[np.float64]) -> Figures:
    counts = events(windows)
    found: Figures = {
        "patients": len(np.unique(windows.patient)),
        "windows": len(windows),
        "events": sum(counts.values()),
        "events_by_state": counts,
    }
    if found["events"] < FEWEST_EVENTS:
        return found | {"cannot_answer": True}
    ahead = windows.ahead
    happened, said, patients = windows.label[ahead] != NONE, ill[ahead], windows.patient[ahead]
    area = Areas.of(said, happened, owners_of(patients))
    sums = by_patient(np.stack([happened, said], axis=1), patients)
    return found | {
        "cannot_answer": False,
        "auroc": area_interval(area.value[0], area.parts[:, 0], area.left[:, 0]).of(area.value[0]),
        "observed_to_expected": ratio_interval(sums[:, 0], sums[:, 1]).of(float(happened.sum() / said.sum())),
    }
