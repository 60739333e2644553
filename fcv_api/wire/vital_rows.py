"""Rows of the nine signs, by columns, whosever they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import BadCells, CodeNameConflict
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.columns import (
    Cells,
    cell_at,
    invalid_rows,
    read_codes,
    read_numbers,
    show,
)
from fcv_api.wire.rows import Key, Rows, aligned, cells_of
from fcv_api.wire.times import Instants, Times, newest, read_times
from fcv_api.wire.units import all_known, either, in_own_units

CODES = np.array([sign.code for sign in SIGNS])
NAME_BY_CODE = {sign.code: sign.name for sign in SIGNS}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measurements:
    """What rows of the nine signs say. naive: their times said no offset.

    at: (n,) the position of each row among the names. every: (rows,) the instant of each row that was sent, of other
    signs and without a value too, in the order of the names; None where not all are plain times. The others are as in
    `Encounter`.
    """

    at: NDArray[np.intp]
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    naive: bool
    every: Instants | None
    newest: np.datetime64 | None
    unknown_units: tuple[tuple[int, str], ...]

    def take(self, which: NDArray[np.intp] | slice, newest: np.datetime64 | None) -> Measurements:
        """Keep some of the rows, in the order of `which`. newest: of all rows that were sent with these."""
        parts = {name: getattr(self, name)[which] for name in ("at", "signs", "values", "instants")}
        return replace(self, **parts, newest=newest)

    def of(self, number: int, zone: tzinfo) -> Encounter:
        """Say whose they are. zone: the wall clock of times without an offset."""
        return Encounter(
            id=number,
            signs=self.signs,
            values=self.values,
            instants=self.instants,
            zone=zone if self.naive else None,
            newest=self.newest,
            unknown_units=self.unknown_units,
        ).without_noise()


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalRows:
    """Rows as they came: columns by row key, not read yet."""

    names: Rows
    values: Rows
    times: Rows
    codes: Rows | None = None
    units: Rows | None = None
    unit_codes: Rows | None = None

    def measurements(self, zone: tzinfo) -> Measurements:
        """Read the rows of the nine signs, and no others. Raises one of `BadCells`.

        zone: the wall clock of times without an offset.
        """
        self._check_names()
        found = list(map(INDEX_BY_NAME.get, cells_of(self.names)))  # None where a row is not of the nine
        kept = [sign is not None for sign in found]
        nine = _Nine(
            names=self.names,
            kept=kept,
            rows=list(compress(self.names, kept)),
            signs=np.array([sign for sign in found if sign is not None], dtype=np.intp),
        )
        values = read_numbers(nine.cells("valor", self.values))
        present = ~np.isnan(values)  # a row without a value is dropped before anything else of it is read
        signs = nine.signs[present]
        if self.codes is not None:
            _check_codes(nine.cells("idSigno", self.codes).where(present), signs)
        measured = in_own_units(self._units(nine).where(present), signs, values[present])
        at = np.flatnonzero(kept)[present]
        every, cells = self._every_time(zone), nine.cells("fecRegistro", self.times, required=True)
        times = every.take(at) if every else read_times(cells.where(present), zone)
        return Measurements(
            at=at,
            signs=signs,
            values=measured.values,
            instants=times.instants,
            naive=times.naive,
            every=every.instants if every else None,
            newest=newest(every or times, cells_of(self.times) if every is None else (), zone),
            unknown_units=measured.unknown,
        )

    def _every_time(self, zone: tzinfo) -> Times | None:
        """Read the times of all rows at once, as nearly every request allows: whoever needs one takes it from here."""
        if not aligned(self.times, self.names):
            return None
        try:
            return read_times(Cells("fecRegistro", list(self.times), cells_of(self.times)), zone)
        except BadCells:  # perhaps of a row that nobody reads
            return None

    def _units(self, nine: _Nine) -> Cells:
        """Give each row's unit: `unidad`, or `idUnidad` where that names none of the table.

        A column without a cell is as one that was not sent: in a batch, others may have sent it.
        """
        units, codes = self.units or {}, self.unit_codes or {}
        if codes and not units:
            return nine.told("idUnidad", codes)
        names = nine.told("unidad", units)
        return either(names, nine.told("idUnidad", codes)) if codes and not all_known(names) else names

    def _check_names(self) -> None:
        """Refuse a name that is not text."""
        try:
            "".join(cells_of(self.names))
        except TypeError:
            named = Cells("nomSigno", list(self.names), cells_of(self.names))
            raise named.explain(_name_reason) from None


@dataclass(frozen=True, slots=True, eq=False)
class _Nine:
    """Which rows of an encounter are of the nine signs. names, kept: one a row. rows, signs: one a kept row."""

    names: Rows
    kept: list[bool]
    rows: list[Key]
    signs: NDArray[np.intp]

    def cells(self, name: str, column: Rows, *, required: bool = False) -> Cells:
        """Take a column's cells of the rows that are kept. Where a key is absent, the cell is null.

        Raises InvalidRows when the column has a row without a name, or lacks one that is required.
        """
        if nameless := set() if aligned(column, self.names) else column.keys() - self.names.keys():
            raise invalid_rows(("nomSigno", row, "this row has no name") for row in column if row in nameless)
        if required and not column.keys() >= set(self.rows):
            absent = [row for row in self.rows if row not in column]
            raise invalid_rows((name, row, "this row is missing from the column") for row in absent)
        return self.told(name, column)

    def told(self, name: str, column: Rows) -> Cells:
        """Take a column's cells of the rows that are kept, by key, whatever other rows it has."""
        if aligned(column, self.names):  # as exports are: no look-ups
            return Cells(name, self.rows, list(compress(cells_of(column), self.kept)))
        return Cells(name, self.rows, [column.get(row) for row in self.rows])


def _check_codes(cells: Cells, signs: NDArray[np.intp]) -> None:
    """Refuse a row whose code and name are two different ones of the nine."""
    by_name = CODES[signs].tolist()
    if cells.cells == by_name:
        return
    found = [
        cell_at(cells.column, row, f"{code} is {NAME_BY_CODE[code]}, but the row is named {NAME_BY_CODE[named]}")
        for row, code, named in zip(cells.rows, read_codes(cells), by_name, strict=True)
        if code in NAME_BY_CODE and code != named
    ]
    if found:
        raise CodeNameConflict.of(found)


def _name_reason(cell: object) -> str | None:
    if isinstance(cell, str):
        return None
    return "this row has no name" if cell is None else f"must be a sign's name, not {show(cell)}"
