"""No text of ours is a formula where a spreadsheet opens it, whatever it takes for the separator."""

from __future__ import annotations

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcv_api.wire.formulas import inert

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\xa0=1", "\uff1d1+1")


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_what_begins_as_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert inert(text).startswith("'")
    assert inert(text).replace("'", "") == text


@pytest.mark.parametrize("text", ["", "Sano", "row '3': must be a number, not 5", "2024-03-03 09:30:00", "a=b", "'=1"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize("separator", [",", ";", "|", "\t", "\n", '"'], ids=ascii)
def test_a_formula_that_another_separator_would_uncover_is_none_either(separator: str) -> None:
    assert inert(f"None of 1 rows (names seen: a{separator}=1+1)").count("'=") == 1


@given(st.text(alphabet='=+-@\t\r\n,;|" a1\xa0\uff1d', max_size=12))
def test_no_cell_of_any_text_is_one(text: str) -> None:
    for cell in re.split(r"[,;|\t\r\n\"]", inert(text)):
        assert cell.strip(" \xa0")[:1] not in (*"=+-@\uff1d",) or cell == ""


@given(st.text(alphabet='=+-@\t,;" a', max_size=12))
def test_what_is_written_is_read_back_by_whoever_reads_csv(text: str) -> None:
    (row,) = csv.reader(['"' + inert(text).replace('"', '""') + '"'])
    assert row == [inert(text)]
