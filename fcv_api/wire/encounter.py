"""`/predict`'s request: one encounter, by columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from itertools import compress
from typing import Any

import numpy as np
from marshmallow import EXCLUDE, Schema, fields, post_load
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Cell, CodeNameConflict
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.columns import (
    Cells,
    Column,
    Rows,
    check_one_form,
    invalid_rows,
    read_codes,
    read_numbers,
    show,
    whole_number,
)
from fcv_api.wire.times import newest, read_times
from fcv_api.wire.units import all_known, either, in_own_units

CODES = np.array([sign.code for sign in SIGNS])
NAME_BY_CODE = {sign.code: sign.name for sign in SIGNS}
LARGEST_ID = 2**63 - 1  # what a database's BIGINT holds


class WholeNumber(fields.Field[int]):
    """A whole number from 0 to 2**63 - 1, also as text or as 5.0. 5.9 is refused, not rounded."""

    default_error_messages = {"invalid": "must be one whole number from 0 to 2**63 - 1"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ANN401, ARG002
        number = whole_number(value)
        if number is None or not 0 <= number <= LARGEST_ID:
            raise self.make_error("invalid")
        return number


@dataclass(frozen=True, slots=True)
class EncounterRows:
    """One encounter as it came: columns by row key, not read yet."""

    id: int
    names: Rows
    values: Rows
    times: Rows
    codes: Rows | None = None
    units: Rows | None = None
    unit_codes: Rows | None = None

    def read(self, zone: tzinfo) -> Encounter:
        """Read the rows of the nine signs, and no others. Raises one of `BadCells`.

        zone: the wall clock of times without an offset.
        """
        self._check_names()
        found = list(map(INDEX_BY_NAME.get, self.names.values()))  # None where a row is not of the nine
        kept = [sign is not None for sign in found]
        keys = list(self.names)
        nine = _Nine(
            keys=keys,
            kept=kept,
            rows=list(compress(keys, kept)),
            signs=np.array([sign for sign in found if sign is not None], dtype=np.intp),
        )
        values = read_numbers(nine.cells("valor", self.values))
        present = ~np.isnan(values)  # a row without a value is dropped before anything else of it is read
        signs = nine.signs[present]
        if self.codes is not None:
            _check_codes(nine.cells("idSigno", self.codes).where(present), signs)
        measured = in_own_units(self._units(nine).where(present), signs, values[present])
        times = read_times(nine.cells("fecRegistro", self.times, required=True).where(present), zone)
        return Encounter(
            id=self.id,
            signs=signs,
            values=measured.values,
            instants=times.instants,
            zone=zone if times.naive else None,
            newest=newest(times, self.times.values(), zone),
            unknown_units=measured.unknown,
        ).without_noise()

    def _units(self, nine: _Nine) -> Cells:
        """Give each row's unit: `unidad`, or `idUnidad` where that names none of the table."""
        codes = {} if self.unit_codes is None else self.unit_codes
        if self.units is None:
            return nine.told("idUnidad", codes)
        names = nine.told("unidad", self.units)
        return either(names, nine.told("idUnidad", codes)) if codes and not all_known(names) else names

    def _check_names(self) -> None:
        """Refuse a name that is not text."""
        try:
            "".join(self.names.values())
        except TypeError:
            named = Cells("nomSigno", list(self.names), list(self.names.values()))
            raise named.explain(_name_reason) from None


@dataclass(frozen=True, slots=True, eq=False)
class _Nine:
    """Which rows of an encounter are of the nine signs. keys, kept: one a row. rows, signs: one a kept row."""

    keys: list[str]
    kept: list[bool]
    rows: list[str]
    signs: NDArray[np.intp]

    def cells(self, name: str, column: Rows, *, required: bool = False) -> Cells:
        """Take a column's cells of the rows that are kept. Where a key is absent, the cell is null.

        Raises InvalidRows when the column has a row without a name, or lacks one that is required.
        """
        if nameless := set() if list(column) == self.keys else column.keys() - set(self.keys):
            raise invalid_rows(("nomSigno", row, "this row has no name") for row in column if row in nameless)
        if required and not column.keys() >= set(self.rows):
            absent = [row for row in self.rows if row not in column]
            raise invalid_rows((name, row, "this row is missing from the column") for row in absent)
        return self.told(name, column)

    def told(self, name: str, column: Rows) -> Cells:
        """Take a column's cells of the rows that are kept, by key, whatever other rows it has."""
        if list(column) == self.keys:  # as exports are: no look-ups
            return Cells(name, self.rows, list(compress(column.values(), self.kept)))
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


class EncounterSchema(Schema):
    """One encounter's vital signs, by columns, as `DataFrame.to_dict()` writes them."""

    class Meta:
        """Real exports carry more columns; they are not ours to refuse."""

        unknown = EXCLUDE

    idAtencion = WholeNumber(  # noqa: N815
        required=True,
        metadata={"type": "integer", "format": "int64", "minimum": 0, "description": "The encounter's pseudonym."},
    )
    idSigno = Column(  # noqa: N815
        {"type": "integer", "nullable": True}, "IEEE 11073-10101 codes.", allow_none=True
    )
    nomSigno = Column({"type": "string"}, "IEEE 11073 reference ids.", required=True)  # noqa: N815
    valor = Column({"type": "number", "nullable": True}, "Measured values, in the sign's own unit.", required=True)
    fecRegistro = Column(  # noqa: N815
        {"type": "string", "example": "2024-03-03 09:32:41"}, "When each was measured.", required=True
    )

    unidad = Column(
        {"type": "string", "nullable": True, "example": "MDC_DIM_DEGC"}, "Units, by MDC, UCUM or code.", allow_none=True
    )
    idUnidad = Column(  # noqa: N815
        {"type": "integer", "nullable": True}, "Units' codes, read where `unidad` names none.", allow_none=True
    )

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> EncounterRows:  # noqa: ANN401
        columns = {name: cells for name, cells in data.items() if name != "idAtencion" and cells is not None}
        check_one_form(columns)
        return EncounterRows(
            id=data["idAtencion"],
            names=data["nomSigno"],
            values=data["valor"],
            times=data["fecRegistro"],
            codes=data.get("idSigno"),
            units=data.get("unidad"),
            unit_codes=data.get("idUnidad"),
        )
