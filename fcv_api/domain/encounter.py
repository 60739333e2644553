"""One patient's stay, as measured: what every wire format is read into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """Measurements of the nine signs in one encounter, in any order.

    id: the hospital's pseudonym of the stay.
    signs: (n,) index into `vitals.SIGNS`.
    values: (n,) in the sign's own unit; NaN where the row held no value.
    instants: (n,) datetime64[us] in UTC.
    zone: the wall clock that the sender wrote times without an offset by; None where it sent offsets.
    """

    id: int
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    zone: tzinfo | None = None

    def as_sent(self, instant: np.datetime64) -> datetime:
        """Say an instant as the sender did: by its wall clock without an offset, or in UTC with one."""
        moment: datetime = instant.astype("datetime64[us]").item().replace(tzinfo=UTC)
        return moment if self.zone is None else moment.astimezone(self.zone).replace(tzinfo=None)
