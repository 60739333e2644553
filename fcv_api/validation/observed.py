"""What was given to a model, of what was gathered or recorded: for drift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.errors import TooFewInstants
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.ledger.record import Record
from fcv_api.ledger.sources import is_test
from fcv_api.training.observed import Observed
from fcv_api.validation.gathered import LAST, Gathered
from fcv_api.validation.record_reader import gaps_of_record


def observed_of(gathered: Gathered, positions: NDArray[np.intp]) -> Observed:
    """Return the windows at some positions, and what was refused of their stays."""
    windows = gathered.windows.where(positions)
    ids, index = np.unique(windows.encounter, return_inverse=True)
    stays = [gathered.stays[each] for each in ids.tolist()]
    _, patients = np.unique([each.patient for each in stays], return_inverse=True)
    asked = np.bincount(patients, [each.asked for each in stays])
    refused = np.bincount(patients, [each.refused.total() - each.refused[TooFewInstants.code] for each in stays])
    lasts = [features[:, LAST].astype(np.float32) for features in gathered.blocks(positions)]
    gaps = np.stack([gathered.gap(sign)[positions] for sign in range(len(SIGN_NAMES))], axis=1)
    return Observed(np.concatenate(lasts), gaps, patients[index], asked, refused)


def observe_record(records: Iterable[Record]) -> Observed:
    """Return what was recorded, without test sources: stays stand for patients."""
    lasts: list[NDArray[Any]] = [np.empty((0, len(SIGN_NAMES)), np.float32)]
    gaps: list[NDArray[np.bool_]] = [np.empty((0, len(SIGN_NAMES)), np.bool_)]
    owners: list[int] = []
    numbers: dict[int, int] = {}
    asked: list[list[int]] = []
    for record in records:
        if record.problem == TooFewInstants.code or is_test(record.sources):
            continue
        place = numbers.setdefault(record.encounter, len(numbers))
        asked += [[0, 0]] if place == len(asked) else []
        asked[place][0] += 1
        if record.problem is not None:
            asked[place][1] += 1
            continue
        lasts.append(
            np.frombuffer(record.window_raw or b"", "<f8").reshape(-1, len(SIGN_NAMES))[-1:].astype(np.float32)
        )
        gaps.append(gaps_of_record(record)[np.newaxis])
        owners.append(place)
    table = np.array(asked, dtype=np.float64).reshape(-1, 2)
    return Observed(np.concatenate(lasts), np.concatenate(gaps), np.array(owners, np.intp), table[:, 0], table[:, 1])
