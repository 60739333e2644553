"""What was given to a model, of what was gathered: for drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.training.observed import Observed
from fcv_api.validation.gathered import LAST, Gathered


def observed_of(gathered: Gathered, positions: NDArray[np.intp]) -> Observed:
    """Return the windows at some positions, and what was refused of their stays."""
    windows = gathered.windows.where(positions)
    ids, index = np.unique(windows.encounter, return_inverse=True)
    stays = [gathered.stays[each] for each in ids.tolist()]
    _, patients = np.unique([each.patient for each in stays], return_inverse=True)
    asked = np.bincount(patients, [each.asked for each in stays])
    refused = np.bincount(patients, [each.refused.total() for each in stays])
    lasts = [features[:, LAST].astype(np.float32) for features in gathered.blocks(positions)]
    gaps = np.stack([gathered.gap(sign)[positions] for sign in range(len(SIGN_NAMES))], axis=1)
    return Observed(np.concatenate(lasts), gaps, patients[index], asked, refused)
