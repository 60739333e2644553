"""A column of an export: checked all at once, and explained row by row only when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from marshmallow import ValidationError, fields
from numpy.typing import NDArray

from fcv_api.domain.errors import Cell, InvalidBody, InvalidRows
from fcv_api.wire.rows import Key, KeysWhere, Rows, Sent, SharedRows


class Column(fields.Field[Sent]):
    """One column: an object of row keys and cells, as `DataFrame.to_dict()` writes, or a plain list.

    The cells are read later, for the rows that matter only, by `read_numbers` and its like: a malformed cell of
    a sign that no model reads must refuse nobody.
    """

    def __init__(self, cell: dict[str, Any] | None = None, description: str = "", **kwargs: Any) -> None:  # noqa: ANN401
        """cell: the OpenAPI schema of one cell."""
        super().__init__(metadata={"oneOf": self.schemas(cell or {}), "description": description}, **kwargs)

    @staticmethod
    def schemas(cell: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the OpenAPI schemas of a column: by row key, and as a list."""
        return [{"type": "object", "additionalProperties": cell}, {"type": "array", "items": cell}]

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "invalid": "must be an object of row keys and cells, or a list of cells"
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Sent:  # noqa: ANN401, ARG002
        if isinstance(value, Mapping | list):
            return value
        raise self.make_error("invalid")


def by_row(columns: Mapping[str, Sent]) -> dict[str, Rows]:
    """Give each column by row key, lists by position.

    Raises ValidationError for lists beside objects, and for lists of different lengths: nobody could say which row
    a cell belongs to.
    """
    listed = {name: cells for name, cells in columns.items() if isinstance(cells, list)}
    keyed = {name: cells for name, cells in columns.items() if isinstance(cells, Mapping)}
    if listed and keyed:
        reason = f"columns sent as lists have no row keys, and {next(iter(keyed))} has; send all in one form"
        raise ValidationError({next(iter(listed)): [reason]})
    lengths = {name: len(cells) for name, cells in listed.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValidationError({next(iter(listed)): [f"columns sent as lists differ in length: {told}"]})
    rows = list(range(max(lengths.values(), default=0)))
    return keyed or {name: SharedRows(rows, cells) for name, cells in listed.items()}


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one column in the rows that matter, in one order. `column` is its name on the wire."""

    column: str
    rows: Iterable[Key]
    cells: list[Any]

    def where(self, wanted: NDArray[np.bool_]) -> Cells:
        """Keep some of the rows: `wanted` has one a row."""
        if wanted.all():
            return self
        return Cells(self.column, KeysWhere(self.rows, wanted), list(compress(self.cells, wanted.tolist())))

    def explain(self, reason_of: Callable[[Any], str | None]) -> InvalidRows:
        """Build the refusal that names the rows for which `reason_of` finds a reason."""
        pairs = zip(self.rows, self.cells, strict=True)
        return invalid_rows((self.column, row, reason) for row, cell in pairs if (reason := reason_of(cell)))


def invalid_rows(found: Iterable[tuple[str, Key, str]]) -> InvalidRows:
    """Build the refusal for (column, row, reason) triples."""
    return InvalidRows.of([cell_at(*each) for each in found])


def cell_at(column: str, row: Key, reason: str) -> Cell:
    """Say what is wrong with the cell of a row."""
    return Cell(column, str(row), reason)


def invalid_body(messages: Any) -> InvalidBody:  # noqa: ANN401 - marshmallow's lists and objects
    """Build the refusal for what a schema found, from its messages."""
    by_field = messages if isinstance(messages, dict) else {"_schema": messages}
    cells = [
        Cell("body" if name == "_schema" else str(name), None, str(reason))
        for name, reasons in by_field.items()
        for reason in (reasons if isinstance(reasons, list) else [reasons])
    ]
    return InvalidBody.of(cells)


def show(cell: object) -> str:
    """Say a cell in a message: what kind it is, never a value of a patient's."""
    names = {dict: "an object", list: "a list", bool: "true or false", str: "text", type(None): "null"}
    return names.get(type(cell), "a number")


# Numbers ------------------------------------------------------------------------------------------------------


def read_numbers(cells: Cells) -> NDArray[np.float64]:
    """Read measured values, (n,); null becomes NaN. Raises InvalidRows for anything but a number or null."""
    if {float, int, type(None)}.issuperset(map(type, cells.cells)):
        return np.array(cells.cells, dtype=np.float64)
    raise cells.explain(_number_reason)


def _number_reason(cell: object) -> str | None:
    number = cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
    return None if number else f"must be a number or null, not {show(cell)}"


# Codes --------------------------------------------------------------------------------------------------------


def read_codes(cells: Cells) -> list[int | None]:
    """Read codes: whole numbers, also as text or as 5.0; null for an unknown one. Raises InvalidRows."""
    if {int, type(None)}.issuperset(map(type, cells.cells)):
        return cells.cells
    codes = [None if cell is None else whole_number(cell) for cell in cells.cells]
    if any(code is None and cell is not None for code, cell in zip(codes, cells.cells, strict=True)):
        raise cells.explain(_code_reason)
    return codes


def _code_reason(cell: object) -> str | None:
    return None if cell is None or whole_number(cell) is not None else "must be a whole number"


def whole_number(cell: object) -> int | None:
    """Read 5, 5.0 or "5"; None for anything else, 5.9 and true among it."""
    if isinstance(cell, str) and re.fullmatch(r"[+-]?\d{1,19}(\.0+)?", cell.strip(), re.ASCII):
        return int(cell.strip().split(".")[0])
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return int(cell) if float(cell).is_integer() else None
