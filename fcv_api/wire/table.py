"""A table of vital signs by columns: what every format is read into before its cells are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, TypeVar

import numpy as np
from marshmallow import ValidationError
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import MAX_CELLS, BadCells, Cell
from fcv_api.wire.cells import ABSENT, Reason

T = TypeVar("T")
U = TypeVar("U")
Key = str | int
"""A row's key: JSON's are texts, a list's rows have their positions, and a file's their line or number."""
Positions = NDArray[np.intp]
MOST_ROWS, MOST_COLUMNS = 500_000, 1_000
"""Of a request's table: what 32 MB of real CSV hold, and many times a real export's columns."""
NUMBER_COLUMNS = ("valor", "idSigno")
"""Columns whose cells are compared or computed with all at once, and stay as they are."""
ROW_COLUMNS = ("nomSigno", "valor", "fecRegistro", "idSigno")
"""A cell in one of these says something of its row. A unit alone says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Distinct(Generic[T]):
    """A column by its distinct cells: 2,000 rows have a few. at: (rows,), which of the values each row has."""

    values: list[T]
    at: Positions

    @classmethod
    def of(cls, cells: list[Any]) -> Distinct[Any]:
        """Return a column by its distinct cells, in the order in which they first appear."""
        places: defaultdict[Any, int] = defaultdict(count().__next__)
        try:
            at = np.fromiter(map(places.__getitem__, cells), np.intp, len(cells))
        except TypeError:  # a list or an object cannot be looked up
            return Distinct(cells, np.arange(len(cells)))
        if len(set(map(type, places)) - {str}) and len(set(map(type, cells)) - {type(None)}) > 1:
            typed = Distinct.of(list(zip(map(type, cells), cells, strict=True)))  # 1, 1.0 and true are equal to Python
            return Distinct([cell for _, cell in typed.values], typed.at)
        return Distinct(list(places), at)

    @classmethod
    def of_one(cls, cell: Any, rows: int) -> Distinct[Any]:  # noqa: ANN401 - any cell
        """Return a column of the same cell in each row."""
        return Distinct([cell], np.zeros(rows, dtype=np.intp))

    def map(self, read: Callable[[T], U]) -> Distinct[U]:
        """Read each distinct cell once."""
        return Distinct(list(map(read, self.values)), self.at)

    def take(self, rows: Positions) -> Distinct[T]:
        """Return some rows, in the order of `rows`."""
        return Distinct(self.values, self.at[rows])

    def cells(self) -> list[T]:
        """Return each row's cell."""
        return list(map(self.values.__getitem__, self.at.tolist()))

    def wrong(self) -> tuple[Positions, Distinct[T]]:
        """Return the rows whose cells are wrong, (k,), and their reasons."""
        bad = np.array([isinstance(each, Reason) for each in self.values], dtype=np.bool_)
        rows = np.flatnonzero(bad[self.at]) if bad.any() else self.at[:0]
        return rows, self.take(rows)


@dataclass(frozen=True, slots=True, eq=False)
class KeyedColumn:
    """A column that came by row key. rows: the keys, one object for columns that have the same. cells: as many."""

    rows: Sequence[Key]
    cells: Distinct[Any] | list[Any]

    def by_key(self) -> dict[Key, Any]:
        """Return the cells by row, whose key is a text."""
        cells = self.cells if isinstance(self.cells, list) else self.cells.cells()
        return dict(zip(map(str, self.rows), cells, strict=True))


Column = KeyedColumn | Mapping[Any, Any] | list[Any]
"""A column as it came: cells by row key, or a list of cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """rows: each row's key. columns: those that are read, by their names on the wire, with one cell a row."""

    rows: Sequence[Key]
    columns: Mapping[str, Distinct[Any] | list[Any]]

    def __len__(self) -> int:
        return len(self.rows)

    def distinct(self, name: str) -> Distinct[Any]:
        """Return a column by its distinct cells; of nulls where there is no such column."""
        column = self.columns.get(name)
        if isinstance(column, list):
            return Distinct.of(column)
        return Distinct.of_one(None, len(self)) if column is None else column

    def take(self, name: str, at: Positions) -> list[Any]:
        """Return the cells of some rows; nulls where there is no such column. at: (n,)."""
        column = self.columns.get(name)
        if not isinstance(column, list):
            return self.distinct(name).take(at).cells()
        return column if len(at) == len(column) else list(map(column.__getitem__, at.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class WrongCells:
    """Cells of one column that are wrong in one way. at: (n,), each one's row. reasons: (n,), by the distinct ones.

    However many there are, a fact has the first of them as objects, and counts the others.
    """

    fact: type[BadCells]
    column: str
    at: Positions
    reasons: Distinct[Any]

    def refusal(self, table: Table, which: Positions | None = None) -> BadCells:
        """Return the fact that names them, or some of them."""
        count = len(self.at) if which is None else len(which)
        first = np.arange(min(count, MAX_CELLS)) if which is None else which[:MAX_CELLS]
        named = zip(self.at[first].tolist(), self.reasons.take(first).cells(), strict=True)
        return self.fact.of([Cell(self.column, str(table.rows[row]), str(reason)) for row, reason in named], count)


def keyed_column(name: str, cells: Mapping[Any, Any], like: Sequence[Key] | None = None) -> KeyedColumn:
    """Return a column that came by row key. like: the keys of another one, which are kept where they are the same."""
    rows, values = list(cells), list(cells.values())
    return KeyedColumn(like if rows == like else rows, values if name in NUMBER_COLUMNS else Distinct.of(values))


def table_of(columns: Mapping[str, Column]) -> Table:
    """Return columns as one table: rows are matched by key, lists by position. One of them is `nomSigno`.

    Raises ValidationError for lists beside objects, and for lists of different lengths: nobody could say which row
    a cell belongs to.
    """
    lists = {name: cells for name, cells in columns.items() if isinstance(cells, list)}
    by_key = [name for name in columns if name not in lists]
    if lists and by_key:
        reason = f"columns sent as lists have no row keys, and {by_key[0]} has; send all in one form"
        raise ValidationError({next(iter(lists)): [reason]})
    return _by_key(columns) if by_key else Table(range(_length(lists)), lists)


def _length(lists: Mapping[str, list[Any]]) -> int:
    lengths = {name: len(cells) for name, cells in lists.items()}
    if len(set(lengths.values())) > 1:
        named = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValidationError({next(iter(lists)): [f"columns sent as lists differ in length: {named}"]})
    return max(lengths.values(), default=0)


def _by_key(columns: Mapping[str, Any]) -> Table:
    keyed: dict[str, KeyedColumn] = {}
    rows = None
    for name, column in columns.items():
        keyed[name] = column if isinstance(column, KeyedColumn) else keyed_column(name, column, rows)
        rows = keyed[name].rows if rows is None else rows
    if all(column.rows is rows for column in keyed.values()):  # as exports are: no look-ups
        return Table(rows or [], {name: column.cells for name, column in keyed.items()})
    return _matched({name: column.by_key() for name, column in keyed.items()})


def _matched(columns: dict[str, dict[Key, Any]]) -> Table:
    """Return a table of columns whose rows are not the same, or in another order."""
    said = dict.fromkeys(row for name in ROW_COLUMNS for row in columns.get(name, ()))
    silent = [row for row in columns.get("idAtencion", ()) if row not in said]
    rows = [*said, *silent]
    cells = {name: [column.get(row) for row in rows] for name, column in columns.items()}
    cells["nomSigno"][len(said) :] = [ABSENT] * len(silent)
    cells["fecRegistro"] = [columns["fecRegistro"].get(row, ABSENT) for row in rows]
    return Table(rows, cells)
