"""Rows of the nine signs, by columns, whosever they are. What is wrong is returned beside what was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import BadCells, CodeNameConflict, InvalidRows
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.cells import Reason, code, number, sign_index, time_reason
from fcv_api.wire.columns import Times, UnitColumn, in_own_units, read_times, read_units
from fcv_api.wire.table import Distinct, Positions, Table, WrongCells

CODES = np.array([sign.code for sign in SIGNS])
NAME_BY_CODE = {sign.code: sign.name for sign in SIGNS}


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """The rows of the nine signs that have a value.

    at: (n,), each one's row in the table. signs, values: (n,), as in `Encounter`. units: (n,), as sent.
    unknown_unit: (n,), whether nobody knows it here.
    sign_of_row: (rows,), which of the nine each row of the table is of; -1 for none.
    times: of all rows of the table, of other signs and without a value too. zone: the clock of those without an offset.
    wrong: in the order in which columns are read. A row in it is among the others all the same.
    """

    table: Table
    at: Positions
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    units: UnitColumn
    unknown_unit: NDArray[np.bool_]
    sign_of_row: NDArray[np.intp]
    times: Times
    zone: tzinfo
    wrong: tuple[WrongCells, ...]


@dataclass(slots=True)
class _Wrong:
    """Collects what is wrong, column by column."""

    found: list[WrongCells] = field(default_factory=list)

    def add(self, fact: type[BadCells], column: str, at: Positions, reasons: Distinct[Any]) -> None:
        if len(at):
            self.found.append(WrongCells(fact, column, at, reasons))


def read_measurements(table: Table, zone: tzinfo) -> Measurements:
    """Read the rows of the nine signs, and no others. zone: the wall clock of times without an offset.

    A row without a value is dropped before its code, unit and time are looked at.
    """
    wrong = _Wrong()
    sign_of_row = _read_signs(table, wrong)  # (rows,)
    at, values = _read_values(table, np.flatnonzero(sign_of_row >= 0), wrong)
    signs = sign_of_row[at]
    _check_codes(table, at, signs, wrong)
    units = read_units(table, at)
    wrong.found.extend(units.check(signs, values))
    times = read_times(table.distinct("fecRegistro"), zone)
    _check_times(table, at, times, wrong)
    values = in_own_units(units, values)
    return Measurements(table, at, signs, values, units, units.unknown, sign_of_row, times, zone, tuple(wrong.found))


def _read_signs(table: Table, wrong: _Wrong) -> NDArray[np.intp]:
    """Return which of the nine signs each row is of, (rows,); -1 for none."""
    names = table.distinct("nomSigno").map(sign_index)
    wrong.add(InvalidRows, "nomSigno", *names.wrong())
    known = [-1 if isinstance(each, Reason) else each for each in names.values]
    return np.array(known, dtype=np.intp)[names.at]


def _read_values(table: Table, at: Positions, wrong: _Wrong) -> tuple[Positions, NDArray[np.float64]]:
    """Return which of some rows have a value, and the values, (n,)."""
    cells = table.take("valor", at)
    if not {float, int, type(None)}.issuperset(map(type, cells)):
        read = Distinct.of(cells).map(number)
        rows, reasons = read.wrong()
        wrong.add(InvalidRows, "valor", at[rows], reasons)
        cells = read.map(lambda each: None if isinstance(each, Reason) else each).cells()
    try:
        values = np.array(cells, dtype=np.float64)  # null is NaN
    except OverflowError:  # a whole number of over 300 digits
        values = np.array(list(map(number, cells)), dtype=np.float64)
    there = ~np.isnan(values)
    return at[there], values[there]


def _check_codes(table: Table, at: Positions, signs: NDArray[np.intp], wrong: _Wrong) -> None:
    """Find rows whose code is no code, or whose code and name are two different ones of the nine."""
    if "idSigno" not in table.columns:
        return
    cells = table.take("idSigno", at)
    if cells == CODES[signs].tolist():
        return
    read = Distinct.of(cells).map(code)
    known = np.array([each if isinstance(each, int) and each in NAME_BY_CODE else 0 for each in read.values])[read.at]
    rows, reasons = read.wrong()
    wrong.add(InvalidRows, "idSigno", at[rows], reasons)
    other = np.flatnonzero((known > 0) & (known != CODES[signs]))
    pairs, which = np.unique(np.stack((known[other], signs[other])), axis=1, return_inverse=True)
    named = [
        f"{code} is {NAME_BY_CODE[code]}, but the row is named {SIGNS[sign].name}" for code, sign in pairs.T.tolist()
    ]
    wrong.add(CodeNameConflict, "idSigno", at[other], Distinct(named, which.reshape(-1)))


def _check_times(table: Table, at: Positions, times: Times, wrong: _Wrong) -> None:
    """Find rows without a time."""
    bad = at[np.isnat(times.instants[at])]
    if len(bad):
        wrong.add(InvalidRows, "fecRegistro", bad, Distinct.of(table.take("fecRegistro", bad)).map(time_reason))
