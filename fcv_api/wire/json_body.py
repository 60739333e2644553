"""A JSON body of vital signs by columns: those that are read, and of the others only that they are JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
import orjson
from marshmallow import ValidationError

from fcv_api.domain.bad_cells import Cell, InvalidBody, InvalidRows
from fcv_api.domain.units import Unit
from fcv_api.wire.cells import check_utf8, unit
from fcv_api.wire.encounter import COLUMNS, EncounterRows, EncounterSchema, encounters_of, invalid_body
from fcv_api.wire.json_faults import (
    BLANKS,
    QUOTE,
    SMALL,
    WANTED,
    beside_of,
    check_rows,
    keys_of,
    named_twice,
    no_table,
    twice_of,
)
from fcv_api.wire.table import MOST_ROWS, Distinct, Key, KeyedColumn, keyed_column

NAMES = ("idAtencion", *COLUMNS)
REQUIRED = ("nomSigno", "valor", "fecRegistro")
ANY_BODY = msgspec.json.Decoder(dict[str, msgspec.Raw])
UNITS, CODES = "unidad", "idUnidad"
BOM = b"\xef\xbb\xbf"
INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A larger one is orjson's, which makes a float of it, or refuses it."""
CELLS: dict[str, Any] = {
    **dict.fromkeys(("nomSigno", "fecRegistro", UNITS, "cama", "canal", "estado"), str),
    **dict.fromkeys(("idSigno", CODES), INTEGER | None),
    "idAtencion": INTEGER,
    "valor": float | None,
}
TYPES = {name: msgspec.json.Decoder(dict[int, cell]) for name, cell in CELLS.items()}  # type: ignore[valid-type]
QUOTES_A_ROW = {name: 4 if cell is str else 2 for name, cell in CELLS.items()}
ENCOUNTER = EncounterSchema()
"""Made once: marshmallow copies each field of a schema that it makes."""
MINUS_NOUGHT = re.compile(rb'"-0"')
"""A key that is another than "0", and the same number."""


def read_encounter(body: bytes) -> EncounterRows:
    """Read a body of `/predict`. Raises NotJson, or one of `BadCells`."""
    try:
        rows: EncounterRows = ENCOUNTER.load(read_json(body))
    except ValidationError as error:
        raise invalid_body(error.messages) from None
    return rows


def read_json(body: bytes, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """Read the columns of a body. Raises NotJson, InvalidBody where it is no table, or InvalidRows.

    names: those of its door. A key that comes twice is refused: nobody could say which of its cells is meant.
    """
    body, columns = body.removeprefix(BOM), dict[str, Any]()
    try:
        _read_columns(parts_of(body, names), columns)
    except orjson.JSONDecodeError:
        raise no_table(body) from None  # which says where in the body
    except InvalidRows as fact:
        fact.encounters = encounters_of(columns.get("idAtencion"))
        raise
    return columns


def parts_of(body: bytes, names: tuple[str, ...] = NAMES) -> dict[str, memoryview]:
    """Part a body into the columns that are read. names: those of the door that it came to."""
    try:
        check_utf8(body)  # of what nobody reads, too
        found, others, beside = _parts(body, names)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise no_table(body) from None
    if beside and (twice := named_twice(body, beside, names)):
        raise InvalidBody.of([Cell(name, None, "this column comes more than once") for name in twice], len(twice))
    if others and not found.keys() & set(REQUIRED):
        raise InvalidBody.of([Cell("body", None, f"none of the columns {', '.join(REQUIRED)} is here: {WANTED}")], 1)
    for long in [part for part in found.values() if len(part) >= 2 * MOST_ROWS]:  # a cell and a comma
        check_rows(long)
    return found


@lru_cache
def _body(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a decoder of a type that is made here
    """Return what decodes a body. Of other columns nothing is kept, however many there are."""
    fields = [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct("Body", fields))


def _parts(body: bytes, names: tuple[str, ...]) -> tuple[dict[str, memoryview], bool, bytes]:
    """Return the columns that are read, whether there may be others, and what of the body may hold a key again."""
    if len(body) > SMALL:
        known = _body(names).decode(body)
        read = {n: memoryview(part) for n in names if (part := getattr(known, n)) is not msgspec.UNSET}
        return read, True, beside_of(body, read)
    parts = ANY_BODY.decode(body)
    read = {name: memoryview(part) for name, part in parts.items() if name in names}
    return read, len(read) < len(parts), b"" if _is_plain(body, parts) else body


def _is_plain(body: bytes, parts: dict[str, msgspec.Raw]) -> bool:
    """Return whether a body is its parts, with or without a blank between tokens: then no key of it can come twice."""
    body = body.strip(BLANKS)
    blank = b" " if body.startswith(b" ", body.find(b":") + 1) else b""
    at, before = 0, b"{"
    for name, part in parts.items():
        opening = before + orjson.dumps(name) + b":" + blank
        if not body.startswith(opening, at):
            return False
        at, before = at + len(opening) + len(memoryview(part)), b"," + blank
    return body[at:] == b"}"


def _read_columns(parts: dict[str, memoryview], columns: dict[str, Any]) -> None:
    """Read parts into columns, one after the other.

    `idUnidad` is read only where `unidad` does not say all, and it is not a list, whose length counts.
    """
    rows = None
    for name in (*NAMES, *(parts.keys() - set(NAMES))):
        if name not in parts or (name == CODES and bytes(parts[CODES][:1]) == b"{" and _units_suffice(columns)):
            continue
        columns[name] = column = _column(name, parts[name], rows)
        if isinstance(column, KeyedColumn):
            rows = column.rows if rows is None else rows


def _column(name: str, written: memoryview, rows: Sequence[Key] | None) -> Any:  # noqa: ANN401
    """Read one column. Raises JSONDecodeError, or InvalidRows for a row that comes twice.

    rows: of the first column. Only distinct cells are kept: the objects of a column are gone before the next one's.
    """
    typed = _typed(name, written)
    if typed is not None:
        return keyed_column(name, typed, rows)
    column = orjson.loads(written)
    if not isinstance(column, dict):
        return column
    if twice := twice_of(keys_of(bytes(written))):
        raise InvalidRows.of((Cell(name, row, "this row comes more than once") for row in twice), len(twice))
    return keyed_column(name, dict(zip(_numbered(list(column)), column.values(), strict=True)), rows)


def _typed(name: str, written: memoryview) -> dict[int, Any] | None:
    """Decode a column whose rows are numbered and whose cells are of its type, as exports write it, or return None.

    A key has two quotes, and so has a text: where there are others, a row comes twice or something is escaped.
    """
    try:
        column = TYPES[name].decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    quotes = np.count_nonzero(np.frombuffer(written, np.uint8) == QUOTE)
    return column if quotes == QUOTES_A_ROW[name] * len(column) and not MINUS_NOUGHT.search(written) else None


def _numbered(rows: list[str]) -> Sequence[Key]:
    """Return row keys as numbers where they are written as such."""
    try:
        numbers = list(map(int, rows))
    except ValueError:
        return rows
    return numbers if list(map(str, numbers)) == rows else rows


def _units_suffice(columns: dict[str, Any]) -> bool:
    """Return whether `unidad` names a known unit for each row."""
    units, names = columns.get(UNITS), columns.get("nomSigno")
    if not (isinstance(units, KeyedColumn) and isinstance(names, KeyedColumn) and units.rows is names.rows):
        return False
    return isinstance(units.cells, Distinct) and all(isinstance(each, Unit) for each in units.cells.map(unit).values)
