"""What a model is given: the signs at the ends of windows, what of them is missing, and what is refused.

A reference of it stands in a model's manifest, so that what is given later can be held against it. It is counted in
groups of patients: whoever compares draws groups, and so knows how far the reference itself may be off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.quality import gaps_of
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.training.metrics import drawn_sums

SCHEMA = "fcv-drift-1"
GROUPS = 20
DECILES = np.arange(1, 10) / 10


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """n windows of p patients. last: (n, 9), each sign at a window's end. gaps: (n, 9). patient: (n,), from 0 to p - 1.

    asked, refused: (p,), windows that were asked about, and those of them that were refused. The first instants of a
    stay, of which there is no window yet, are not counted.
    """

    last: NDArray[Any]
    gaps: NDArray[np.bool_]
    patient: NDArray[np.intp]
    asked: NDArray[Any]
    refused: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Counts of g patients, or groups of them. bins: (g, 9, 10). gaps: (g, 9). windows, asked, refused: (g,).

    patients: (g,), how many of them.
    """

    bins: Matrix
    gaps: Matrix
    windows: Matrix
    asked: Matrix
    refused: Matrix
    patients: Matrix

    @classmethod
    def of(cls, observed: Observed, edges: list[list[float]]) -> Tally:
        """Count each patient's windows. edges: of each sign's bins."""
        count = len(observed.asked)
        bins = np.zeros((count, len(SIGN_NAMES), len(DECILES) + 1))
        for sign, own in enumerate(edges):
            value = observed.last[:, sign]
            known = ~np.isnan(value)
            place = np.searchsorted(own, value[known], side="right")
            np.add.at(bins[:, sign], (observed.patient[known], place), 1)
        gaps = np.zeros((count, len(SIGN_NAMES)))
        np.add.at(gaps, observed.patient, observed.gaps)
        windows = np.bincount(observed.patient, minlength=count).astype(np.float64)
        return cls(bins, gaps, windows, observed.asked, observed.refused, np.ones(count))

    def drawn(self, weights: Matrix) -> Tally:
        """Return sums with weights, (r, g), of the groups."""
        bins = np.tensordot(weights, self.bins, axes=1)
        return Tally(
            bins, *(weights @ each for each in (self.gaps, self.windows, self.asked, self.refused, self.patients))
        )

    def resampled(self, draws: int, seed: int) -> Tally:
        """Return sums over drawn groups, (r, ...), the same for each member."""
        names = Tally.__dataclass_fields__
        return Tally(**{name: drawn_sums(getattr(self, name), draws, seed) for name in names})

    def grouped(self, groups: int) -> Tally:
        """Deal patients out into groups, in turn."""
        return self.drawn(np.eye(groups)[np.arange(len(self.windows)) % groups].T)


def observe(stays: Iterable[tuple[Encounter, str]], spec: WindowSpec, every: int = 1) -> Observed:
    """Look at every window of stays, as the service would. stays: each with its patient."""
    lasts: list[NDArray[Any]] = [np.empty((0, len(SIGN_NAMES)), np.float32)]
    gaps: list[NDArray[np.bool_]] = [np.empty((0, len(SIGN_NAMES)), np.bool_)]
    owners: list[int] = []
    numbers: dict[str, int] = {}
    asked: list[list[int]] = []
    for encounter, patient in stays:
        place = numbers.setdefault(patient, len(numbers))
        asked += [[0, 0]] if place == len(asked) else []
        values, filled, count = _windows_of(encounter, spec, every)
        lasts.append(values)
        gaps.append(filled)
        owners += [place] * len(values)
        asked[place] = [asked[place][0] + count, asked[place][1] + count - len(values)]
    table = np.array(asked, dtype=np.float64).reshape(-1, 2)
    return Observed(np.concatenate(lasts), np.concatenate(gaps), np.array(owners, np.intp), table[:, 0], table[:, 1])


def _windows_of(encounter: Encounter, spec: WindowSpec, every: int) -> tuple[NDArray[Any], NDArray[np.bool_], int]:
    """Return what windows end with, (w, 9), their gaps, and how many were asked about."""
    try:
        rolling = Rolling.of(encounter, spec)
    except Unscorable:
        return np.empty((0, len(SIGN_NAMES)), np.float32), np.empty((0, len(SIGN_NAMES)), np.bool_), 0
    refusals = rolling.refusals()
    asked = np.arange(0, len(rolling), every)
    usable = np.array([each for each in asked.tolist() if each not in refusals], dtype=np.intp)
    return rolling.values[-1, usable].astype(np.float32), gaps_of(rolling.cells)[usable], len(asked)


def reference_of(observed: Observed, about: dict[str, Any]) -> dict[str, Any]:
    """Return a reference as a manifest holds it. about: where it comes from."""
    edges = [_edges(observed.last[:, sign]) for sign in range(len(SIGN_NAMES))]
    tally = Tally.of(observed, edges).grouped(min(GROUPS, len(observed.asked)))
    counts = {name: np.rint(getattr(tally, name)).astype(int).tolist() for name in Tally.__dataclass_fields__}
    return {"schema": SCHEMA, **about, "signs": list(SIGN_NAMES), "edges": edges, **counts}


def read_reference(reference: dict[str, Any]) -> tuple[list[list[float]], Tally]:
    """Read what `reference_of` made: the edges of each sign's bins, and the groups."""
    counts = (np.array(reference[name], dtype=np.float64) for name in Tally.__dataclass_fields__)
    return reference["edges"], Tally(*counts)


def _edges(values: Matrix) -> list[float]:
    """Return the deciles of what is known, each once: a sign that monitors round has fewer bins."""
    known = values[~np.isnan(values)]
    return np.unique(np.quantile(known, DECILES).round(6)).tolist() if len(known) else []
