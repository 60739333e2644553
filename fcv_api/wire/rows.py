"""Rows of a table that came by columns: a row is its cells of one key, whatever their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Key = str | int
"""A row's key. JSON's are strings; where all are whole numbers, they may be given as such."""
Rows = Mapping[Any, Any]
"""A column's cells by row key."""
Sent = Rows | list[Any]
"""A column as it came. A list's rows are known by position only."""


class SharedRows(Mapping[Key, Any]):
    """Cells of a column whose keys are those of others too: one list, so that to compare columns costs nothing."""

    __slots__ = ("_by_row", "cells", "rows")

    def __init__(self, rows: list[Any], cells: list[Any]) -> None:
        """rows: the keys, each once. cells: as many."""
        self.rows, self.cells = rows, cells
        self._by_row: dict[Any, Any] | None = None

    def __getitem__(self, row: Key) -> Any:  # noqa: ANN401
        if self._by_row is None:  # few ask for single rows
            self._by_row = dict(zip(self.rows, self.cells, strict=True))
        return self._by_row[row]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def cells_of(column: Rows) -> list[Any]:
    """Give a column's cells, in the order of its rows."""
    return column.cells if isinstance(column, SharedRows) else list(column.values())


def aligned(column: Rows, other: Rows) -> bool:
    """Tell whether two columns have the same rows in the same order, as exports have."""
    if isinstance(column, SharedRows) and isinstance(other, SharedRows) and column.rows is other.rows:
        return True
    return column is other or (len(column) == len(other) and list(column) == list(other))
