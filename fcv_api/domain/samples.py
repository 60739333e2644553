"""What was measured inside the slots of a window: a level between two of its rows must not be lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGNS


class Sampling(StrEnum):
    """What a slot holds of a sign: its model was trained on such windows, so the model's manifest says it.

    The last value, as a snapshot every step is; or the mean of the values measured in the slot.
    """

    LAST = "last"
    MEAN = "mean"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        """Raise ValueError for what is neither: a window cut by another rule would be wrong, and look right."""
        raise ValueError(f"sampling {value!r} is neither last nor mean")


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The instants as sent inside a window of slots.

    instants: (m,), ascending. values: (m, 9) in the order of `vitals.SIGNS`, NaN where nothing was measured.
    rows: how many rows with a value they had. step: the length of a slot. sampling: what a slot holds of them.
    """

    instants: NDArray[np.datetime64]
    values: NDArray[np.float64]
    rows: int
    step: np.timedelta64
    sampling: Sampling = Sampling.LAST

    def since(self, slot: np.datetime64) -> NDArray[np.float64]:
        """Return the values, (k, 9), from the start of the slot that ends at `slot`."""
        return self.values[np.searchsorted(self.instants, slot - self.step, side="right") :]

    @property
    def cells(self) -> tuple[NDArray[np.datetime64], int]:
        """Return the instants, and how many signs were measured at them, taken together."""
        return self.instants, int(np.count_nonzero(~np.isnan(self.values)))


def spread(
    rows: NDArray[np.intp], signs: NDArray[np.intp], values: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Return, (count, 9), how far the values of one sign in one row lie apart; -inf where there is none."""
    cells, size = rows * len(SIGNS) + signs, count * len(SIGNS)
    lowest, highest = np.full(size, inf), np.full(size, -inf)
    np.fmin.at(lowest, cells, values)
    np.fmax.at(highest, cells, values)
    apart: NDArray[np.float64] = np.round((highest - lowest).reshape(-1, len(SIGNS)), 6)
    return apart
