"""The same question for parts of the patients: a figure over everybody may hide a group for whom a model fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.training.dataset import NONE, LabelledWindows
from fcv_api.training.flow import UNKNOWN
from fcv_api.training.metrics import Ranking, drawn_areas
from fcv_api.training.report_members import events
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.intervals import area_interval, by_patient, ratio_interval

Figures = dict[str, Any]
OF_STAYS = ("site", "unit", "age", "sex")
GAPS = ("no sign filled", "a sign filled for a quarter or more, or at the end")
MOST_GROUPS = 24
"""Of one kind, the largest ones: a site's 200 beds are no subgroups."""


def subgroups(gathered: Gathered, late: NDArray[np.intp]) -> list[Figures]:
    """Return figures of any of the three states by group. late: positions of the windows that are measured."""
    windows = gathered.windows.where(late)
    ill = 1 - gathered.probabilities[late, NONE].astype(np.float64)
    return [
        {"by": by, "group": group} | _figures(windows.where(own), ill[own])
        for by, names in _groups(gathered, windows, late)
        for group, own in _largest(names)
    ]


def _groups(
    gathered: Gathered, windows: LabelledWindows, late: NDArray[np.intp]
) -> Iterator[tuple[str, NDArray[np.str_]]]:
    """Yield each kind of group, and each window's, (n,)."""
    ids, index = np.unique(windows.encounter, return_inverse=True)
    for by in OF_STAYS:
        names = np.array([getattr(gathered.stays[each], by) for each in ids.tolist()])
        if set(names.tolist()) != {UNKNOWN}:
            yield by, names[index]
    yield "month", windows.end.astype("datetime64[M]").astype(str)
    yield "missing", np.array(GAPS)[(gathered.gaps[late] != 0).astype(np.intp)]


def _largest(names: NDArray[np.str_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    known, counts = np.unique(names, return_counts=True)
    for place in sorted(np.argsort(-counts, kind="stable")[:MOST_GROUPS].tolist()):
        yield str(known[place]), names == known[place]


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
    ranking = Ranking.of(said, happened)
    area = ranking.areas()[0]
    low, high = area_interval(area, drawn_areas([ranking], patients)[:, 0, 0])
    sums = by_patient(np.stack([happened, said], axis=1), patients)
    ends = ratio_interval(sums[:, 0], sums[:, 1])
    ratio = {"value": float(happened.sum() / said.sum()), "low": ends[0], "high": ends[1]}
    return found | {
        "cannot_answer": False,
        "auroc": {"value": area, "low": low, "high": high},
        "observed_to_expected": ratio,
    }
