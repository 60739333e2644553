"""Columns: their shape, and the table that they make together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from marshmallow import ValidationError

from fcv_api.domain.bad_cells import Cell, InvalidRows
from fcv_api.wire.cells import ABSENT
from fcv_api.wire.encounter import ColumnField
from fcv_api.wire.table import Distinct, Table, WrongCells, table_of

read = ColumnField().deserialize


def rows_of(table: Table) -> dict[str, dict[Any, Any]]:
    return {name: dict(zip(table.rows, table.take(name, np.arange(len(table))), strict=True)) for name in table.columns}


def test_a_column_is_an_object_of_row_keys() -> None:
    assert read({"7": 1.0, "3": None}) == {"7": 1.0, "3": None}


def test_a_column_may_be_a_list_whose_row_keys_are_its_positions() -> None:
    assert rows_of(table_of({"nomSigno": read(["a", "b"])})) == {"nomSigno": {0: "a", 1: "b"}}


@pytest.mark.parametrize("sent", ["text", 5, 5.5, True], ids=repr)
def test_nothing_else_is_a_column(sent: object) -> None:
    with pytest.raises(ValidationError, match="must be an object of row keys and cells, or a list"):
        read(sent)


def test_lists_of_different_lengths_are_refused_with_their_lengths() -> None:
    with pytest.raises(ValidationError, match="nomSigno 3, valor 2"):
        table_of({"nomSigno": ["x"] * 3, "valor": [5.0] * 2})


def test_a_list_beside_an_object_is_refused_because_only_one_of_them_has_row_keys() -> None:
    with pytest.raises(ValidationError, match="nomSigno has; send all in one form"):
        table_of({"nomSigno": {"1": "x", "0": "y"}, "valor": [5.0, 6.0]})


def test_rows_are_matched_by_key_and_a_cell_that_is_absent_is_null_or_is_called_absent() -> None:
    table = table_of({"nomSigno": {"0": "x", "1": "y"}, "valor": {"2": 3.0, "1": 5.0}, "fecRegistro": {"1": "now"}})
    assert rows_of(table) == {
        "nomSigno": {"0": "x", "1": "y", "2": None},
        "valor": {"0": None, "1": 5.0, "2": 3.0},
        "fecRegistro": {"0": ABSENT, "1": "now", "2": ABSENT},
    }


def test_a_unit_alone_makes_no_row() -> None:
    columns: dict[str, dict[str, Any]] = {
        "nomSigno": {"0": "x"},
        "valor": {"0": 1.0},
        "fecRegistro": {"0": "now"},
        "unidad": {"0": "kg", "9": "kg"},
    }
    assert list(table_of(columns).rows) == ["0"]


def test_at_most_20_cells_are_named_and_all_are_counted() -> None:
    table = Table(list(map(str, range(2000))), {"valor": ["x"] * 2000})
    fact = WrongCells(InvalidRows, "valor", np.arange(2000), Distinct.of_one("is wrong", 2000)).refusal(table)
    assert (len(fact.cells), fact.count) == (20, 2000)
    assert fact.cells[19] == Cell("valor", "19", "is wrong")
    assert str(fact).endswith("(and 1999 more)")
