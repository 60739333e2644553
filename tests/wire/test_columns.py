"""Columns: read all at once, and explained row by row when something is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from marshmallow import ValidationError

from fcv_api.domain.errors import Cell, InvalidRows
from fcv_api.wire.columns import Cells, Column, by_row, read_codes, read_numbers, whole_number


def column(*cells: Any) -> Cells:
    return Cells("valor", [str(row) for row in range(len(cells))], list(cells))


def test_a_column_is_an_object_of_row_keys() -> None:
    assert Column().deserialize({"7": 1.0, "3": None}) == {"7": 1.0, "3": None}


def test_a_column_may_be_a_list_whose_row_keys_are_its_positions() -> None:
    assert by_row({"nomSigno": Column().deserialize(["a", "b"])}) == {"nomSigno": {0: "a", 1: "b"}}


@pytest.mark.parametrize("sent", ["text", 5, 5.5, True], ids=repr)
def test_nothing_else_is_a_column(sent: object) -> None:
    with pytest.raises(ValidationError, match="must be an object of row keys and cells, or a list"):
        Column().deserialize(sent)


def test_lists_of_different_lengths_are_refused_with_their_lengths() -> None:
    columns = {name: Column().deserialize(["x"] * length) for name, length in {"nomSigno": 3, "valor": 2}.items()}
    with pytest.raises(ValidationError, match="nomSigno 3, valor 2"):
        by_row(columns)


def test_objects_may_have_any_number_of_rows() -> None:
    read = Column().deserialize
    by_row({"nomSigno": read({"0": "x", "1": "y"}), "valor": read({"1": 5.0})})


def test_a_list_beside_an_object_is_refused_because_only_one_of_them_has_row_keys() -> None:
    read = Column().deserialize
    with pytest.raises(ValidationError, match="nomSigno has; send all in one form"):
        by_row({"nomSigno": read({"1": "x", "0": "y"}), "valor": read([5.0, 6.0])})


def test_numbers_are_read_and_null_becomes_nan() -> None:
    np.testing.assert_array_equal(read_numbers(column(1, 36.6, None, -0.5, 0)), [1.0, 36.6, np.nan, -0.5, 0.0])


def test_no_cells_are_no_numbers() -> None:
    assert read_numbers(column()).shape == (0,)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("36.6", "must be a number or null, not text"),
        ("1_000", "must be a number or null, not text"),
        (True, "must be a number or null, not true or false"),
        ({}, "must be a number or null, not an object"),
        ([36.6], "must be a number or null, not a list"),
    ],
    ids=repr,
)
def test_a_cell_that_is_no_measurement_is_named_without_its_value(cell: object, reason: str) -> None:
    with pytest.raises(InvalidRows) as caught:
        read_numbers(column(1.0, None, cell))
    assert caught.value.cells == (Cell("valor", "2", reason),)


def test_at_most_20_cells_are_named_and_all_are_counted() -> None:
    with pytest.raises(InvalidRows) as caught:
        read_numbers(column(*["x"] * 2000))
    assert (len(caught.value.cells), caught.value.count) == (20, 2000)
    assert str(caught.value).endswith("(and 1999 more)")


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        ("5.0", 5),
        (" 5 ", 5),
        ("-5", -5),
        (0, 0),
        (2**63, 2**63),
        (1e300, int(1e300)),
    ],
    ids=repr,
)
def test_a_whole_number_may_come_as_a_number_or_as_text(sent: object, number: int) -> None:
    assert whole_number(sent) == number


@pytest.mark.parametrize(
    "sent",
    [5.9, "5.9", True, False, None, "", "five", "1_000", "0x5", "1e3", "\u0665", "5\n6", "9" * 20, [5], {}],
    ids=ascii,
)
def test_nothing_else_is_a_whole_number(sent: object) -> None:
    assert whole_number(sent) is None


def test_codes_may_come_as_numbers_as_text_or_not_at_all() -> None:
    assert read_codes(column(150344, "150456", 147842.0, None)) == [150344, 150456, 147842, None]


@pytest.mark.parametrize("cell", [5.9, True, "MDC_TEMP", [150344]], ids=repr)
def test_a_code_that_is_no_whole_number_is_named(cell: object) -> None:
    with pytest.raises(InvalidRows) as caught:
        read_codes(column(150344, cell, None))
    assert caught.value.cells == (Cell("valor", "1", "must be a whole number"),)
