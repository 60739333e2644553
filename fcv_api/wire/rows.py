"""Rows of a table that came by columns: a row is its cells of one key, whatever their places."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

Key = str | int
"""A row's key: JSON's are strings, and a list's rows have their positions."""
Rows = Mapping[Any, Any]
"""A column's cells by row key."""
Sent = Rows | list[Any]
"""A column as it came. A list's rows are known by position only."""


class OrderedRows(Mapping[Key, Any]):
    """Cells of a column whose keys may be those of others too: one object, so that to compare columns costs nothing."""

    __slots__ = ("_by_row", "keys_of_rows")

    def __init__(self, keys_of_rows: object) -> None:
        """keys_of_rows: columns with the same one have the same rows in the same order."""
        self.keys_of_rows = keys_of_rows
        self._by_row: dict[Any, Any] | None = None

    @property
    @abstractmethod
    def rows(self) -> list[Any]:
        """The keys, each once."""

    @property
    @abstractmethod
    def cells(self) -> list[Any]:
        """As many cells."""

    def where(self, wanted: NDArray[np.bool_]) -> list[Any]:
        """Give some of the cells. wanted: (rows,)."""
        return list(compress(self.cells, wanted.tolist()))

    def __getitem__(self, row: Key) -> Any:  # noqa: ANN401
        if self._by_row is None:  # few ask for single rows
            self._by_row = dict(zip(self.rows, self.cells, strict=True))
        return self._by_row[row]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.rows)


class SharedRows(OrderedRows):
    """Two lists."""

    __slots__ = ("_cells", "_rows")

    def __init__(self, rows: list[Any], cells: list[Any], keys_of_rows: object = None) -> None:
        """rows: the keys, each once. cells: as many. keys_of_rows: `rows`, if nothing else is given."""
        super().__init__(rows if keys_of_rows is None else keys_of_rows)
        self._rows, self._cells = rows, cells

    @property
    def rows(self) -> list[Any]:
        """The keys."""
        return self._rows

    @property
    def cells(self) -> list[Any]:
        """The cells."""
        return self._cells

    def __len__(self) -> int:
        return len(self._rows)


def cells_of(column: Rows) -> list[Any]:
    """Give a column's cells, in the order of its rows."""
    return column.cells if isinstance(column, OrderedRows) else list(column.values())


def cells_where(column: Rows, wanted: NDArray[np.bool_]) -> list[Any]:
    """Give some of a column's cells, in the order of its rows. wanted: (rows,)."""
    return column.where(wanted) if isinstance(column, OrderedRows) else list(compress(column.values(), wanted.tolist()))


def aligned(column: Rows, other: Rows) -> bool:
    """Tell whether two columns have the same rows in the same order, as exports have."""
    if isinstance(column, OrderedRows) and isinstance(other, OrderedRows) and column.keys_of_rows is other.keys_of_rows:
        return True
    return column is other or (len(column) == len(other) and list(column) == list(other))


@dataclass(frozen=True, slots=True)
class KeysWhere:
    """The keys of some rows: read only by a refusal that names them."""

    rows: Iterable[Key]
    wanted: NDArray[np.bool_]

    def __iter__(self) -> Iterator[Key]:
        return compress(self.rows, self.wanted.tolist())
