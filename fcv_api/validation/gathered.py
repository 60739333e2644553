"""What is kept of the windows of a hospital, one stay after the other: no raw window, so that millions fit.

A window takes some 60 bytes of memory, and 216 bytes of a temporary file for what baselines and drift read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.dataset import Label, LabelledWindows
from fcv_api.training.flow import UNKNOWN

FEATURES = 6 * len(SIGNS)
"""Of `baselines.summaries_of`: mean, deviation, least, greatest, last value and slope of each sign."""
LAST = slice(4 * len(SIGNS), 5 * len(SIGNS))
"""The columns of the last values."""
BLOCK = 100_000
"""Windows whose features are in memory at once: 43 MB as float64."""
BITS = 1 << np.arange(len(SIGNS))
Warned = tuple[tuple[str, str | None], ...]
"""What a window warns of, as far as a policy reads it: each one's code and sign."""


@dataclass(slots=True)
class StayFacts:
    """What is known of a stay besides its windows. first, last: its instants. asked: windows that could be asked about.

    refused: how many of them the service would refuse, by reason. several: it has more than one outcome. places: the
    beds, in their order. again: how often a window came that was known already.
    """

    encounter: int
    patient: str
    first: np.datetime64
    last: np.datetime64
    asked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    site: str = UNKNOWN
    unit: str = UNKNOWN
    age: str = UNKNOWN
    sex: str = UNKNOWN
    several: bool = False
    places: tuple[str, ...] = ()
    again: int = 0


class Block(NamedTuple):
    """Some windows as columns, (w, ...). gaps: (w, 9), which signs were filled for the most part or at the end.

    before: whether the window's record was written before its outcome was known. warnings: w of them, where a policy
    reads any.
    """

    encounter: NDArray[np.int64]
    end: NDArray[np.datetime64]
    label: NDArray[Any]
    lead: NDArray[Any]
    probabilities: Matrix
    features: Matrix
    gaps: NDArray[np.bool_]
    before: NDArray[np.bool_]
    warnings: list[Warned] | None = None


class FeatureFile:
    """(n, 54) numbers in a file, appended in blocks and read in blocks. What is not in memory cannot fill it."""

    def __init__(self, folder: Path) -> None:
        """folder: of a mode that lets nobody else read. The file goes with it."""
        self.path, self.rows = folder / "features.f32", 0

    def append(self, features: Matrix) -> None:
        """Write rows, (w, 54)."""
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(features, dtype=np.float32).tobytes())
        self.rows += len(features)

    def at(self, positions: NDArray[Any]) -> Matrix:
        """Return the rows at some positions, (p, 54)."""
        if not self.rows:
            return np.empty((0, FEATURES))
        stored = np.memmap(self.path, np.float32, "r", shape=(self.rows, FEATURES))
        rows: Matrix = stored[positions].astype(np.float64)
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """n windows. windows: without their raw rows. probabilities: (n, 4) float32 by `CLASSES`. gaps: (n,) a bit a sign.

    before: (n,), as of a `Block`. warned: (n,), which of `warnings`. rows: (n,), of the file of features.
    stays: by encounter, also those without a window. fates: why a stay gave none.
    labels, sites: by encounter, of all that are known.
    """

    windows: LabelledWindows
    probabilities: NDArray[Any]
    gaps: NDArray[np.uint16]
    before: NDArray[np.bool_]
    warned: NDArray[np.int32]
    rows: NDArray[np.int32]
    features: FeatureFile
    stays: dict[int, StayFacts]
    fates: dict[int, str]
    labels: dict[int, Label]
    sites: dict[int, str]
    warnings: list[Warned]

    def __len__(self) -> int:
        return len(self.windows)

    def blocks(self, positions: NDArray[np.intp]) -> Iterator[Matrix]:
        """Yield the features of windows, some at a time, in the order of their positions."""
        for start in range(0, len(positions), BLOCK):
            yield self.features_at(positions[start : start + BLOCK])

    def features_at(self, positions: NDArray[np.intp]) -> Matrix:
        """Return the features of windows, (p, 54)."""
        return self.features.at(self.rows[positions])

    def gap(self, sign: int) -> NDArray[np.bool_]:
        """Return, (n,), where a sign was filled for the most part or at the end."""
        filled: NDArray[np.bool_] = (self.gaps & BITS[sign]).astype(np.bool_)
        return filled


class Gatherer:
    """Takes blocks as they come, and puts them together."""

    def __init__(self, folder: Path) -> None:
        """folder: for the file of features."""
        self.features = FeatureFile(folder)
        self.stays: dict[int, StayFacts] = {}
        self.fates: dict[int, str] = {}
        self.labels: dict[int, Label] = {}
        self.sites: dict[int, str] = {}
        self._warnings: dict[Warned, int] = {(): 0}
        self._columns: list[list[NDArray[Any]]] = [[] for _ in EMPTY]

    def add(self, block: Block) -> None:
        """Keep a block's columns small, and its features on disk."""
        self.features.append(block.features)
        gaps = (block.gaps * BITS).sum(axis=1).astype(np.uint16)
        kept = (
            *(block.encounter, block.end, block.label.astype(np.int8), block.lead.astype(np.float32)),
            *(block.probabilities.astype(np.float32), gaps, block.before),
            self._numbers(block.warnings or [()] * len(gaps)),
        )
        for column, own in zip(self._columns, kept, strict=True):
            column.append(own)

    def _numbers(self, warnings: list[Warned]) -> NDArray[np.int32]:
        """Return a number for each window's warnings: few windows differ in them."""
        return np.array([self._warnings.setdefault(each, len(self._warnings)) for each in warnings], dtype=np.int32)

    def together(self) -> Gathered:
        """Return all that was given. Patients are numbers here: their names would take more than all else."""
        encounter, end, label, lead, probabilities, gaps, before, warned = map(_concatenated, self._columns, EMPTY)
        ids, index = np.unique(encounter, return_inverse=True)
        _, patients = np.unique([self.stays[each].patient for each in ids.tolist()], return_inverse=True)
        raw = np.empty((len(end), 0, len(SIGNS)))
        patient = patients.astype(np.int32)[index]
        windows = LabelledWindows(raw, encounter, patient, end, label, lead)
        known = self.stays, self.fates, self.labels, self.sites, list(self._warnings)
        rows = np.arange(len(end), dtype=np.int32)
        return Gathered(windows, probabilities, gaps, before, warned, rows, self.features, *known)


EMPTY = (
    *(np.empty(0, np.int64), np.empty(0, "datetime64[us]"), np.empty(0, np.int8), np.empty(0, np.float32)),
    *(np.empty((0, 4), np.float32), np.empty(0, np.uint16), np.empty(0, np.bool_)),
    np.empty(0, np.int32),
)


def _concatenated(column: list[NDArray[Any]], empty: NDArray[Any]) -> NDArray[Any]:
    """Put a column together, and let its parts go: for a moment one column is there twice, never all."""
    whole = np.concatenate([empty, *column])
    column.clear()
    return whole
