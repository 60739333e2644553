"""A file of outcomes: one of labels that may say more, name a stay twice, and take an outcome back."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.wire.outcomes import read_outcomes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outcomes.csv"


def test_age_is_kept_as_a_band_and_sex_as_a_letter(file: Path) -> None:
    file.write_text("idAtencion,State,onset,edad,sexo,servicio\n1,Sano,,67,Mujer,UCI\n2,Sano,,x,,\n")
    found = read_outcomes(file, UTC)
    assert (found[1].age, found[1].sex, found[1].unit) == ("60 to 74", "M", "UCI")
    assert (found[2].age, found[2].sex, found[2].unit) == ("-", "-", "-")


def test_of_two_outcomes_the_earlier_onset_counts_whatever_their_order(file: Path) -> None:
    file.write_text(
        "idAtencion,State,onset\n1,Arresto_cardiaco,2025-01-02 10:00:00\n1,Shock_cardiogenico,2025-01-01 10:00:00\n"
    )
    found = read_outcomes(file, UTC)[1]
    assert (found.state, found.several) == (State.CARDIOGENIC_SHOCK, True)


def test_what_was_taken_back_is_no_outcome(file: Path) -> None:
    file.write_text("idAtencion,State,onset,estado\n1,Arresto_cardiaco,2025-01-02 10:00:00,D\n2,Sano,,F\n")
    assert set(read_outcomes(file, UTC)) == {2}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("1,Sano,\n1,Arresto_cardiaco,2025-01-02 10:00:00", "encounter 1 has Sano and another outcome"),
        ("1,Muerto,", "State, row 2: must be one of"),
        ("1,Arresto_cardiaco,yesterday", "onset, row 2: "),
    ],
)
def test_a_wrong_row_is_named(file: Path, rows: str, sentence: str) -> None:
    file.write_text(f"idAtencion,State,onset\n{rows}\n")
    with pytest.raises(UnusableExport, match=sentence):
        read_outcomes(file, UTC)
