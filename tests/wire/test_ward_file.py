"""The file of wards."""

from __future__ import annotations

from pathlib import Path

import pytest

from fcv_api.wire.ward_file import ListedBed, Ward, WrongWards, read_ward_file, read_wards

TEXT = """
[[ward]]
name = "UCI adultos"
[[ward.bed]]
bed = "UCI^04"
label = "Cama 4"
[[ward.bed]]
bed = "UCI^02"
source = "gateway-1"
"""


def test_beds_stand_in_the_order_of_the_file() -> None:
    beds = (ListedBed("UCI^04", "Cama 4"), ListedBed("UCI^02", "UCI^02", "gateway-1"))
    assert read_wards(TEXT) == (Ward("UCI adultos", beds),)


def test_a_bed_without_a_source_is_whichever_source_names_it() -> None:
    anybody, one = read_wards(TEXT)[0].beds
    assert anybody.is_of("gateway-9", "UCI^04")
    assert not one.is_of("gateway-9", "UCI^02")
    assert not anybody.is_of("gateway-9", None)


def test_a_test_system_s_bed_is_at_no_real_bed_s_place() -> None:
    anybody, _one = read_wards(TEXT)[0].beds
    assert not anybody.is_of("test:gateway-9", "UCI^04")
    assert ListedBed("UCI^04", "Cama 4", "test:gateway-9").is_of("test:gateway-9", "UCI^04")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[ward", "is no TOML"),
        ("", "has no list of tables [[ward]]"),
        ("colour = 1\n" + TEXT, "colour is not a key. The keys are: ward."),
        (TEXT.replace("name", "nombre"), "[[ward]]: name must be a text."),
        (TEXT.replace("label", "etiqueta"), "[[ward]] UCI adultos: bed UCI^04: etiqueta is not a key"),
        (TEXT.replace('"Cama 4"', "4"), "label must be a text"),
        (TEXT.replace('"Cama 4"', f'"{"x" * 81}"'), "label has more than 80 characters"),
        (TEXT + '[[ward.bed]]\nbed = "UCI^04"\n', "bed UCI^04 is listed twice"),
        (TEXT + TEXT, "ward UCI adultos is listed twice"),
        ('[[ward]]\nname = "x"\nbed = []\n', "has no list of tables [[ward.bed]]"),
    ],
)
def test_a_wrong_file_is_refused_by_the_place_of_the_fault(text: str, words: str) -> None:
    with pytest.raises(WrongWards) as error:
        read_wards(text)
    assert words in str(error.value)


def test_a_file_that_cannot_be_read_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(WrongWards, match=r"FCV_WARD_FILE: cannot read .*: No such file"):
        read_ward_file(tmp_path / "missing.toml")
    (tmp_path / "wards.toml").write_bytes(b"\xff")
    with pytest.raises(WrongWards, match=r"not UTF-8 text"):
        read_ward_file(tmp_path / "wards.toml")
