"""Labels in files: what became of each encounter, and what is wrong with them in one sentence."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.labels import read_labels


def text_file(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("5,Muerto,", "State, row 2: must be one of Arresto_cardiaco"),
        ("5,Sano,2024-03-03 09:00:00", "onset, row 2: must be empty where State is Sano"),
        ("5,Shock_cardiogenico,", "onset, row 2: must be a time where State is Shock_cardiogenico"),
        ("5,Shock_cardiogenico,soon", "onset, row 2: is not a time"),
        ("5,Sano,\n5,Sano,", "more than once: 5"),
    ],
)
def test_what_is_wrong_with_labels_is_one_sentence(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(UnusableExport, match=sentence):
        read_labels(text_file(tmp_path, f"idAtencion,State,onset\n{row}\n"), UTC)


def test_a_patient_is_the_encounters_own_where_nobody_says_whose_it_is(tmp_path: Path) -> None:
    text = "idAtencion,State,onset,idPaciente\n5,Sano,,ana\n6,none_of_these,,\n"
    found = read_labels(text_file(tmp_path, text), UTC)
    assert (found[5].patient, found[6].patient) == ("ana", "6")
