"""What the flow must say of those who were measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_windows import made_up

from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.gathered import Gathered


@pytest.fixture
def gathered(tmp_path: Path) -> Gathered:
    return made_up(tmp_path, events=2, well=4)


def notes(gathered: Gathered) -> dict[str, tuple[int, int]]:
    """Return the notes by their first words: patients and encounters."""
    found = flow_notes(gathered, np.arange(len(gathered)))
    return {each.note.split(":")[0]: (each.patients, each.encounters) for each in found}


def test_of_plain_stays_nothing_need_be_known(gathered: Gathered) -> None:
    assert notes(gathered) == {}
    assert sum(row.encounters for row in flow(gathered, np.arange(len(gathered)))) == 10


def test_readmissions_are_named_and_counted_as_one_patient(gathered: Gathered) -> None:
    gathered.stays[2].patient = gathered.stays[1].patient
    assert notes(gathered) == {"readmissions": (1, 2)}


def test_a_transfer_is_named(gathered: Gathered) -> None:
    gathered.stays[3].places = ("UCI-1", "UCI-2")
    assert notes(gathered) == {"transfers": (1, 1)}


def test_a_stay_with_two_outcomes_is_named(gathered: Gathered) -> None:
    gathered.stays[3].several = True
    assert notes(gathered) == {"stays with two outcomes or more; the first one counts": (1, 1)}


def test_one_bed_that_gives_half_of_all_windows_is_named(gathered: Gathered) -> None:
    for number in range(1, 6):
        gathered.stays[number].places = ("UCI-1",)
    (note,) = flow_notes(gathered, np.arange(len(gathered)))
    assert note.note.startswith("one bed (UCI-1) gives half of all windows or more")
    assert (note.encounters, note.share) == (5, 0.5)
    gathered.stays[5].places = ("UCI-2",)
    assert notes(gathered) == {}
