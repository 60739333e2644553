"""What came of some windows of one encounter, as columns: many predictions and refusals without an object for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.errors import Unscorable
from fcv_api.domain.policy import Assessment
from fcv_api.domain.prediction import Prediction, Refusal, State
from fcv_api.domain.window import Matrix
from fcv_api.domain.words import ScoreWarning

NEVER = np.array(["NaT"], dtype="datetime64[us]")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """w windows of one encounter.

    first, last: (w,) datetime64[us] in UTC, NaT where there is no window. probabilities: (w, 4) by the model's classes,
    NaN where there is none. warnings: w of them. refusals: by window, why it has no probabilities.
    """

    encounter: int
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    probabilities: Matrix
    warnings: list[tuple[ScoreWarning, ...]]
    refusals: dict[int, Unscorable]

    def __len__(self) -> int:
        return len(self.last)

    def assessments(self, classes: tuple[State, ...]) -> Iterator[Assessment]:
        """Yield each window as a policy reads it, in order. classes: of the columns."""
        ends = self.last.astype("datetime64[us]").astype(np.int64).tolist()
        for window, row in enumerate(self.probabilities.tolist()):
            if window in self.refusals:
                yield Assessment(ends[window], None, (), refused=True)
                continue
            warnings = [(each.code, each.sign) for each in self.warnings[window]]
            yield Assessment(ends[window], dict(zip(classes, row, strict=True)), warnings)

    @classmethod
    def of(cls, outcome: Prediction | Refusal, classes: tuple[State, ...]) -> Scores:
        """Return one outcome as a column of one."""
        if isinstance(outcome, Refusal):
            nothing = np.full((1, len(classes)), np.nan)
            return cls(outcome.encounter, NEVER, NEVER, nothing, [()], {0: outcome.reason})
        instants = outcome.window.instants
        probabilities = np.array([[outcome.probabilities[state] for state in classes]])
        return cls(outcome.encounter, instants[:1], instants[-1:], probabilities, [outcome.warnings], {})
