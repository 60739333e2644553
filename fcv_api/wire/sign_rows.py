"""The rows of the nine signs among all rows of an export, and their cells column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.errors import CodeNameConflict
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.byte_words import Texts
from fcv_api.wire.columns import Cells, cell_at, invalid_rows, read_codes, read_numbers, show
from fcv_api.wire.rows import KeysWhere, Rows, aligned, cells_of, cells_where

CODES = np.array([sign.code for sign in SIGNS])
WRITTEN = [str(sign.code).encode() for sign in SIGNS]
WRITTEN_NAMES = Texts([sign.name.encode() for sign in SIGNS])
NAME_BY_CODE = {sign.code: sign.name for sign in SIGNS}


@dataclass(frozen=True, slots=True, eq=False)
class SignRows:
    """Which rows of an encounter are read: at first those of the nine signs. names, kept: one a row."""

    names: Rows
    kept: NDArray[np.bool_]

    @property
    def rows(self) -> KeysWhere:
        """Give the keys of the rows that are read."""
        return KeysWhere(self.names, self.kept)

    def where(self, wanted: NDArray[np.bool_]) -> SignRows:
        """Read fewer rows. wanted: one a row that is read."""
        kept = self.kept.copy()
        kept[kept] = wanted
        return SignRows(self.names, kept)

    def numbers(self, name: str, column: Rows) -> NDArray[np.float64]:
        """Read measured values of the rows that are read; null becomes NaN. Raises InvalidRows."""
        if isinstance(column, ByteRows) and aligned(column, self.names):
            values = column.numbers(self.kept)
            if values is not None:
                return values
        return read_numbers(self.cells(name, column))

    def check_codes(self, column: Rows, signs: NDArray[np.intp]) -> None:
        """Refuse a row whose code and name are two different ones of the nine. Raises InvalidRows too."""
        if isinstance(column, ByteRows) and aligned(column, self.names) and column.are(WRITTEN, signs, self.kept):
            return
        _check_codes(self.cells("idSigno", column), signs)

    def cells(self, name: str, column: Rows, *, required: bool = False) -> Cells:
        """Take a column's cells of the rows that are read. Where a key is absent, the cell is null.

        Raises InvalidRows when the column has a row without a name, or lacks one that is required.
        """
        if nameless := set() if aligned(column, self.names) else column.keys() - self.names.keys():
            raise invalid_rows(("nomSigno", row, "this row has no name") for row in column if row in nameless)
        if required and not column.keys() >= set(self.rows):
            absent = [row for row in self.rows if row not in column]
            raise invalid_rows((name, row, "this row is missing from the column") for row in absent)
        return self.told(name, column)

    def one_a_sign(self, column: Rows, signs: NDArray[np.intp]) -> dict[int, Any] | None:
        """Give each sign's cell, where all rows of a sign are written with the same one; None where they are not.

        signs: of the rows that are read.
        """
        if not (len(signs) and isinstance(column, ByteRows) and column.texts and aligned(column, self.names)):
            return None
        at = np.flatnonzero(self.kept)
        firsts = np.zeros(len(SIGNS), dtype=np.intp)
        firsts[signs[::-1]] = at[::-1]  # of equal places the last one stays
        if not column.alike(at, firsts, signs):
            return None
        present = np.flatnonzero(np.bincount(signs))
        return dict(zip(present.tolist(), column.at(firsts[present]), strict=True))

    def told(self, name: str, column: Rows) -> Cells:
        """Take a column's cells of the rows that are read, by key, whatever other rows it has."""
        if not column:
            return Cells(name, self.rows, [None] * int(np.count_nonzero(self.kept)))
        if aligned(column, self.names):  # as exports are: no look-ups
            return Cells(name, self.rows, cells_where(column, self.kept))
        return Cells(name, self.rows, [column.get(row) for row in self.rows])


def signs_of(names: Rows) -> NDArray[np.intp]:
    """Tell which of the nine signs each row is of, -1 for none. Raises InvalidRows for a name that is not text."""
    if isinstance(names, ByteRows) and names.texts:
        return names.find(WRITTEN_NAMES)
    cells = cells_of(names)
    try:
        "".join(cells)
    except TypeError:
        raise Cells("nomSigno", names, cells).explain(_name_reason) from None
    return np.array([INDEX_BY_NAME.get(name, -1) for name in cells], dtype=np.intp)


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
