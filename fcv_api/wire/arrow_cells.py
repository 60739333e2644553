"""Arrow's columns: the types that writers of Parquet choose as a few plain ones, and their cells as JSON holds them."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.cells import EXACT_BELOW
from fcv_api.wire.csv_rows import Dialect, read_cell
from fcv_api.wire.encounter import COLUMNS
from fcv_api.wire.encounters import EncounterIndex, read_encounters
from fcv_api.wire.table import NUMBER_COLUMNS, Distinct, Table

Arrow = Any
"""An array, a column, a table or a type of Arrow's: pyarrow ships no types."""
EXACT_BELOW_BY_BITS = {16: 2**11, 32: 2**24}
MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
LARGEST = 2**63 - 1
TEXTS = ("string", "large_string", "string_view")
BYTES = ("binary", "large_binary", "fixed_size_binary", "binary_view")
AS_TEXT = (*TEXTS, *BYTES, "decimal", "date", "null")


class NotReadable(Exception):
    """A column holds what is no cell of a table. The message says what."""


def plain(column: Arrow) -> Arrow:
    """Return an array's cells as texts, numbers, true or false, or times in microseconds. Raises NotReadable.

    Bytes are texts, whether or not their writer says so. Decimals become texts, for they hold more digits than floats.
    A date alone becomes a text, for it is no time. Nanoseconds are cut, as those of a text are.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(column.storage)
    if pa.types.is_dictionary(kind):
        return plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _in_microseconds(column)
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return column
    if not any(getattr(pa.types, f"is_{each}")(kind) for each in AS_TEXT):
        raise NotReadable(f"holds {kind}, which is neither texts nor numbers nor times")
    return _as_text(column)


def _as_text(column: Arrow) -> Arrow:
    try:
        texts = column.cast(pa.string())
        texts.validate(full=True)  # not every writer looks
    except pa.ArrowInvalid:
        raise NotReadable("holds texts that are not UTF-8") from None
    return texts


def _in_microseconds(column: Arrow) -> Arrow:
    """Return times in microseconds: of a wall clock, or instants. What is beyond those becomes the last."""
    unit, zone = column.type.unit, column.type.tz
    if unit == "ns":
        column = pc.floor_temporal(column.cast(pa.timestamp("ns")), unit="microsecond").cast(pa.timestamp("us"))
    last = LARGEST // MICROSECONDS[unit] - 1  # the last one of all is infinity to DuckDB
    numbers = pc.min_element_wise(column.cast(pa.int64()), last, skip_nulls=False)
    numbers = pc.max_element_wise(numbers, -last, skip_nulls=False)
    return pc.multiply(numbers, MICROSECONDS[unit]).cast(pa.timestamp("us", "UTC" if zone else None))


def exact_below(kind: Arrow) -> int:
    """Return from where on a column's floats, if it holds any, may stand for other whole numbers than were meant."""
    own = kind.value_type if pa.types.is_dictionary(kind) else kind
    return EXACT_BELOW_BY_BITS.get(own.bit_width, EXACT_BELOW) if pa.types.is_floating(own) else EXACT_BELOW


def cells_of(column: Arrow, name: str, dialect: Dialect) -> list[Any]:
    """Return a plain column's cells, by the column's name. Texts are read as CSV's are."""
    read = distinct_cells(column, name, dialect)
    cells: list[Any] = np.array(read.values, dtype=object)[read.at].tolist()
    return cells


def distinct_cells(column: Arrow, name: str, dialect: Dialect) -> Distinct[Any]:
    """Return a plain column's distinct cells, null the last."""
    coded = (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column).dictionary_encode()
    values = coded.dictionary
    if pa.types.is_timestamp(values.type):
        known: list[Any] = _time_texts(values)
    elif pa.types.is_string(values.type):
        known = [read_cell(text, name, dialect) for text in values.to_pylist()]
    else:
        known = [None if cell != cell else cell for cell in values.to_pylist()]  # noqa: PLR0124 - NaN
    return Distinct([*known, None], coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False))


def _time_texts(times: Arrow) -> list[str]:
    offset = "+00:00" if times.type.tz else ""
    texts = np.datetime_as_string(times.to_numpy(zero_copy_only=False), unit="us").tolist()
    return [text.replace("T", " ").removesuffix(".000000") + offset for text in texts]


def read_part(part: Arrow, dialect: Dialect, zone: tzinfo) -> list[Encounter | Refusal]:
    """Read each encounter of a part, or say why not, by ascending number.

    part: whole encounters, by ascending `encounter`. zone: the wall clock of times without an offset.
    """
    columns: dict[str, Distinct[Any] | list[Any]] = {}
    for name in (each for each in COLUMNS if each in part.column_names):
        columns[name] = (cells_of if name in NUMBER_COLUMNS else distinct_cells)(part[name], name, dialect)
    ids, owner = np.unique(part["encounter"].to_numpy(), return_inverse=True)
    table = Table(part["row"].to_numpy().tolist(), columns)
    return read_encounters(table, EncounterIndex(ids.tolist(), owner), zone)
