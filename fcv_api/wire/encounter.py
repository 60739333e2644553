"""Rows of the nine signs, by columns; and `/predict`'s request, which holds those of one encounter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import compress
from typing import Any

import numpy as np
from marshmallow import EXCLUDE, Schema, post_load
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Cell, CodeNameConflict
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.columns import (
    Cells,
    Column,
    Rows,
    aligned,
    by_row,
    invalid_rows,
    read_codes,
    read_numbers,
    show,
)
from fcv_api.wire.encounter_id import EncounterId
from fcv_api.wire.times import read_times

CODES = np.array([sign.code for sign in SIGNS])
NAME_BY_CODE = {sign.code: sign.name for sign in SIGNS}
# A column's name on the wire, and its name here.
COLUMNS = {"nomSigno": "names", "valor": "values", "fecRegistro": "times", "idSigno": "codes"}


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """What rows of the nine signs say. naive: their times said no offset.

    at: (n,) the position of each row among the names. signs, values, instants: (n,), as in `Encounter`.
    """

    at: NDArray[np.intp]
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    naive: bool

    def take(self, which: NDArray[np.intp] | slice) -> Measurements:
        """Keep some of the rows, in the order of `which`."""
        return Measurements(
            self.at[which], self.signs[which], self.values[which], self.instants[which], naive=self.naive
        )

    def of(self, number: int, zone: tzinfo) -> Encounter:
        """Say whose they are. zone: the wall clock of times without an offset."""
        return Encounter(number, self.signs, self.values, self.instants, zone if self.naive else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalRows:
    """Rows as they came: columns by row key, not read yet."""

    names: Rows
    values: Rows
    times: Rows
    codes: Rows | None = None

    def measurements(self, zone: tzinfo) -> Measurements:
        """Read the rows of the nine signs, and no others. Raises one of `BadCells`.

        zone: the wall clock of times without an offset.
        """
        self._check_names()
        signs = list(map(INDEX_BY_NAME.get, self.names.values()))  # None where a row is not of the nine
        kept = [sign is not None for sign in signs]
        nine = _Nine(
            names=self.names,
            kept=kept,
            rows=list(compress(self.names, kept)),
            signs=np.array([sign for sign in signs if sign is not None], dtype=np.intp),
        )
        values = read_numbers(nine.cells("valor", self.values))
        present = ~np.isnan(values)  # a row without a value is dropped before anything else of it is read
        if self.codes is not None:
            _check_codes(nine.cells("idSigno", self.codes).where(present), nine.signs[present])
        times = read_times(nine.cells("fecRegistro", self.times, required=True).where(present), zone)
        at = np.flatnonzero(kept)[present]
        return Measurements(at, nine.signs[present], values[present], times.instants, times.naive)

    def _check_names(self) -> None:
        """Refuse a name that is not text."""
        try:
            "".join(self.names.values())
        except TypeError:
            named = Cells("nomSigno", list(self.names), list(self.names.values()))
            raise named.explain(_name_reason) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterRows(VitalRows):
    """The rows of one encounter."""

    id: int

    def read(self, zone: tzinfo) -> Encounter:
        """Read them. Raises one of `BadCells`. zone: the wall clock of times without an offset."""
        return self.measurements(zone).of(self.id, zone)


@dataclass(frozen=True, slots=True, eq=False)
class _Nine:
    """Which rows of an encounter are of the nine signs. names, kept: one a row. rows, signs: one a kept row."""

    names: Rows
    kept: list[bool]
    rows: list[str]
    signs: NDArray[np.intp]

    def cells(self, name: str, column: Rows, *, required: bool = False) -> Cells:
        """Take a column's cells of the rows that are kept, by key. Where a key is absent, the cell is null.

        Raises InvalidRows when the column has a row without a name, or lacks one that is required.
        """
        if aligned(column, self.names):
            return Cells(name, self.rows, list(compress(column.values(), self.kept)))  # no look-ups
        if not self.names.keys() >= column.keys():
            nameless = [row for row in column if row not in self.names]
            raise invalid_rows(("nomSigno", row, "this row has no name") for row in nameless)
        if required and not column.keys() >= set(self.rows):
            absent = [row for row in self.rows if row not in column]
            raise invalid_rows((name, row, "this row is missing from the column") for row in absent)
        return Cells(name, self.rows, [column.get(row) for row in self.rows])


def _check_codes(cells: Cells, signs: NDArray[np.intp]) -> None:
    """Refuse a row whose code and name are two different ones of the nine."""
    by_name = CODES[signs].tolist()
    if cells.cells == by_name:
        return
    found = [
        Cell(cells.column, row, f"{code} is {NAME_BY_CODE[code]}, but the row is named {NAME_BY_CODE[named]}")
        for row, code, named in zip(cells.rows, read_codes(cells), by_name, strict=True)
        if code in NAME_BY_CODE and code != named
    ]
    if found:
        raise CodeNameConflict.of(found)


def _name_reason(cell: object) -> str | None:
    if isinstance(cell, str):
        return None
    return "this row has no name" if cell is None else f"must be a sign's name, not {show(cell)}"


def by_our_names(columns: Mapping[str, Rows]) -> dict[str, Rows]:
    """Give the columns that `VitalRows` holds by their names there."""
    return {ours: columns[name] for name, ours in COLUMNS.items() if name in columns}


class VitalsSchema(Schema):
    """Vital signs by columns, as `DataFrame.to_dict()` writes them."""

    class Meta:
        """Real exports carry more columns; they are not ours to refuse."""

        unknown = EXCLUDE

    idSigno = Column(  # noqa: N815
        {"type": "integer", "nullable": True}, "IEEE 11073-10101 codes.", allow_none=True
    )
    nomSigno = Column({"type": "string"}, "IEEE 11073 reference ids.", required=True)  # noqa: N815
    valor = Column({"type": "number", "nullable": True}, "Measured values, in the sign's own unit.", required=True)
    fecRegistro = Column(  # noqa: N815
        {"type": "string", "example": "2024-03-03 09:32:41"}, "When each was measured.", required=True
    )


class EncounterSchema(VitalsSchema):
    """One encounter's vital signs, by columns, as `DataFrame.to_dict()` writes them."""

    idAtencion = EncounterId(  # noqa: N815
        required=True,
        metadata={"type": "integer", "format": "int64", "minimum": 0, "description": "The encounter's pseudonym."},
    )

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> EncounterRows:  # noqa: ANN401
        number = data.pop("idAtencion")
        columns = by_row({name: cells for name, cells in data.items() if cells is not None})
        return EncounterRows(id=number, **by_our_names(columns))
