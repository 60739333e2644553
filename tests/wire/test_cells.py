"""One cell: what it is, whatever door it came through."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcv_api.domain.units import BEATS, BREATHS, CELSIUS, FAHRENHEIT, UNIT_BY_NAME, UNITS, Unit
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.wire.cells import (
    Reason,
    code,
    encounter_id,
    number,
    sign_index,
    text_of,
    unit,
    whole_number,
)
from fcv_api.wire.table import Distinct

BLANKS = ["", " ", "   ", "\u00a0", "\t", "\u2007", "\u202f", "\u200b", "\ufeff"]
UNREADABLE = [5.9, "5.9", True, "five", "1_000", "0x5", "1e3", "\u00bd", "5\n6", "9" * 20, [5], {}]


@given(name=st.sampled_from(SIGN_NAMES), before=st.sampled_from(BLANKS), after=st.sampled_from(BLANKS))
def test_a_name_is_the_same_whatever_a_person_does_not_see_at_its_ends(name: str, before: str, after: str) -> None:
    assert sign_index(f"{before}{name}{after}") == INDEX_BY_NAME[name]


@pytest.mark.parametrize("cell", ["10\u00b2", "\uff11\uff10", "\u0661\u0660", "1\u00bd"], ids=ascii)
def test_no_other_digit_becomes_a_digit(cell: str) -> None:
    assert text_of(cell) == cell
    assert whole_number(cell) is None


@pytest.mark.parametrize("written", ["mdc_temp", "Mdc_Temp", "NOM_TEMP", "nom_temp", " MDC_TEMP\u00a0"])
def test_a_name_is_the_same_in_another_case_and_with_philips_prefix(written: str) -> None:
    assert sign_index(written) == INDEX_BY_NAME["MDC_TEMP"]


@pytest.mark.parametrize(
    "name", ["MDC_RESP_RATE", "NOM_ECG_CARD_BEAT_RATE", "MDC_ECG_CARD_BEAT_RATE", "MDC TEMP", "TEMP"]
)
def test_another_name_is_none_of_the_nine(name: str) -> None:
    assert sign_index(name) == -1


@pytest.mark.parametrize("cell", [None, "", "  ", "NULL", "\u00a0"], ids=repr)
def test_a_row_whose_name_says_nothing_has_no_name(cell: object) -> None:
    assert sign_index(cell) == Reason("this row has no name")


@pytest.mark.parametrize(("cell", "kind"), [(5, "a number"), ([], "a list"), (True, "true or false")])
def test_what_is_no_text_is_no_name(cell: object, kind: str) -> None:
    assert sign_index(cell) == Reason(f"must be a sign's name, not {kind}")


@pytest.mark.parametrize("each", UNITS, ids=lambda each: each.name)
def test_a_unit_is_known_by_each_of_its_names_in_any_case(each: Unit) -> None:
    names = (each.name, each.name.replace("MDC_", "NOM_"), str(each.code), *each.ucum, *each.spellings)
    for name in names:
        for written in (name, name.upper(), name.lower(), f" {name}\u00a0", unicodedata.normalize("NFD", name)):
            found = unit(written)
            assert isinstance(found, Unit)
            assert found.kind is each.kind
            assert (found.factor, found.zero) == (each.factor, each.zero)


def test_no_name_of_a_unit_is_one_of_another_kind_or_of_another_size() -> None:
    sizes = {
        name: {
            (each.kind, each.factor, each.zero)
            for each in UNITS
            if name in map(str.casefold, each.ucum + each.spellings)
        }
        for name in UNIT_BY_NAME
    }
    assert {name: found for name, found in sizes.items() if len(found) > 1} == {}


AS_PEOPLE_WRITE_IT: dict[Unit, tuple[object, ...]] = {
    FAHRENHEIT: ("°F", "\u2109", "F", "degF", "\u00baF", "NOM_DIM_FAHR", 266560, 266560.0, "266560", "266560.0"),
    CELSIUS: ("°C", "\u2103", "C", "degC", "\u00baC", "degc", "NOM_DIM_DEGC", "mdc_dim_degc", 268192),
    BEATS: ("bpm", "{beat}/min", "BPM"),
    BREATHS: ("breaths/min", "{Breaths}/min"),
}


@pytest.mark.parametrize(
    ("wanted", "cell"), [(wanted, cell) for wanted in AS_PEOPLE_WRITE_IT for cell in AS_PEOPLE_WRITE_IT[wanted]]
)
def test_a_unit_is_known_as_people_write_it(wanted: Unit, cell: object) -> None:
    assert unit(cell) is wanted


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("grados Kelvin", "grados Kelvin"), (7, "7"), (7.0, "7"), (" x ", "x"), (10**25, "1e+25"), (1e25, "1e+25")],
)
def test_a_unit_that_nobody_knows_stays_its_text(cell: object, wanted: str) -> None:
    found = unit(cell)
    assert found == wanted
    assert not isinstance(found, Reason)


@pytest.mark.parametrize("cell", [None, "", "  ", "NULL", "\u00a0"], ids=repr)
def test_a_unit_may_be_left_out(cell: object) -> None:
    assert unit(cell) is None


@pytest.mark.parametrize("cell", [[], {}, True], ids=repr)
def test_a_unit_is_a_text_or_a_code(cell: object) -> None:
    assert isinstance(unit(cell), Reason)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("thirty", "must be a number or null, not text"),
        ("1_000", "must be a number or null, not text"),
        ("36.6", "must be a number or null, not text"),
        (True, "must be a number or null, not true or false"),
        ({}, "must be a number or null, not an object"),
        ([36.6], "must be a number or null, not a list"),
    ],
    ids=repr,
)
def test_a_cell_that_is_no_measurement_is_explained_without_its_value(cell: object, reason: str) -> None:
    assert number(cell) == Reason(reason)


@pytest.mark.parametrize(
    ("cell", "wanted"), [(None, None), (5, 5.0), (0, 0.0), (float("nan"), None), (10**400, np.inf)]
)
def test_a_measurement_is_a_number_or_nothing(cell: Any, wanted: float | None) -> None:
    assert number(cell) == wanted


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [(5, 5), (5.0, 5), ("5", 5), ("5.0", 5), (" 5 ", 5), ("-5", -5), (0, 0), (2**63, 2**63), (1e300, int(1e300))],
    ids=repr,
)
def test_a_whole_number_may_come_as_a_number_or_as_text(sent: object, wanted: int) -> None:
    assert whole_number(sent) == wanted


@pytest.mark.parametrize("cell", UNREADABLE, ids=ascii)
def test_nothing_else_is_a_whole_number_a_code_or_an_encounter(cell: object) -> None:
    assert whole_number(cell) is None
    assert code(cell) == Reason("must be a whole number")
    assert encounter_id(cell) == Reason("must be one whole number from 0 to 2**63 - 1")


@pytest.mark.parametrize("cell", [None, "", " ", "NULL"], ids=repr)
def test_a_code_and_an_encounter_may_be_left_out(cell: object) -> None:
    assert code(cell) is None
    assert encounter_id(cell) is None


@pytest.mark.parametrize("cell", [2**53, 2**63 - 1, str(2**63 - 1), f"{2**63 - 1}.0", float(2**53 - 1), 5.0])
def test_an_encounter_is_exact_where_its_digits_are(cell: object) -> None:
    assert encounter_id(cell) == int(str(cell).split(".")[0])


@pytest.mark.parametrize(
    ("cell", "exact_below"), [(float(2**53), 2**53), (1.2345678901234568e18, 2**53), (2.0**24, 2**24)]
)
def test_a_float_that_cannot_hold_an_encounters_digits_is_no_encounter(cell: float, exact_below: int) -> None:
    assert "float" in str(encounter_id(cell, exact_below))


def test_cells_that_are_equal_to_python_and_of_different_kinds_are_read_apart() -> None:
    cells = [1, True, 1.0, "1", 2**53, float(2**53)]
    read = Distinct.of(cells).map(encounter_id)
    found = [read.values[at] for at in read.at]
    assert found[:1] + found[2:5] == [1, 1, 1, 2**53]
    assert isinstance(found[1], Reason)
    assert isinstance(found[5], Reason)


@given(st.lists(st.one_of(st.none(), st.integers(0, 3), st.floats(), st.text(max_size=2), st.lists(st.integers()))))
def test_reading_each_distinct_cell_once_gives_what_reading_each_gives(cells: list[Any]) -> None:
    read = Distinct.of(cells).map(encounter_id)
    assert [read.values[at] for at in read.at] == [encounter_id(cell) for cell in cells]
