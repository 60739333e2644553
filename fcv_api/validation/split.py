"""Cut a hospital's stays in time: what comes first may be learnt from, what comes later is measured.

A model is used on the patients of tomorrow, so it is measured on those who came after all that was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.flow import IN_EARLY, RETURNS
from fcv_api.validation.gathered import Gathered

EARLY_SHARE = 0.4
"""Of stays, by their first instants."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """at: where the late part begins; None where nothing was split. early, late: positions of windows."""

    at: np.datetime64 | None
    early: NDArray[np.intp]
    late: NDArray[np.intp]

    def as_json(self) -> dict[str, object]:
        """Return it as a report holds it."""
        at = None if self.at is None else np.datetime_as_string(self.at, unit="s") + "Z"
        kind = "none" if self.at is None else "temporal"
        return {"kind": kind, "at": at, "early_windows": len(self.early), "late_windows": len(self.late)}


def unsplit(gathered: Gathered) -> Split:
    """Measure on all that there is."""
    return Split(None, np.empty(0, dtype=np.intp), np.arange(len(gathered)))


def split_in_time(gathered: Gathered, share: float = EARLY_SHARE) -> Split:
    """Split between stays, by their first instants; the fates of the early ones say so.

    An early stay of a patient who has a late one too is in neither part: whatever is fitted would know the patient.
    """
    windows = gathered.windows
    ids, index = np.unique(windows.encounter, return_inverse=True)
    first = np.array([gathered.stays[each].first for each in ids.tolist()], dtype="datetime64[us]")
    at = np.sort(first)[min(int(len(ids) * share), len(ids) - 1)]
    is_late = first >= at
    patients = np.zeros(len(ids), dtype=np.int64)
    patients[index] = windows.patient
    returns = ~is_late & np.isin(patients, patients[is_late])
    gathered.fates.update(dict.fromkeys(ids[~is_late & ~returns].tolist(), IN_EARLY))
    gathered.fates.update(dict.fromkeys(ids[returns].tolist(), RETURNS))
    return Split(at, np.flatnonzero((~is_late & ~returns)[index]), np.flatnonzero(is_late[index]))
