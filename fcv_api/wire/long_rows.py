"""The encounters of one part of an export, read by the code that reads a request's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import BadCells, UnusableExport
from fcv_api.domain.prediction import Refusal
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.wire.csv_rows import Dialect, read_cell
from fcv_api.wire.encounter import COLUMNS, EncounterRows
from fcv_api.wire.encounter_id import NO_ID
from fcv_api.wire.rows import SharedRows

WIRE_NAMES = {ours: name for name, ours in COLUMNS.items()}
Table = Any
"""pyarrow ships no types."""


def read_part(part: Table, dialect: Dialect, zone: tzinfo) -> Iterator[Encounter | Refusal]:
    """Read each encounter, or say why not. part: rows of `LongTable.by_encounter`, of whole encounters."""
    ids, rows = (part[name].to_numpy() for name in ("encounter", "row"))
    columns = {name: _cells(part[name], WIRE_NAMES[name], dialect) for name in part.column_names if name in WIRE_NAMES}
    starts = np.flatnonzero(np.diff(ids, prepend=-1)).tolist()  # no id is under 0
    for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
        keys = rows[start:end].tolist()
        own = {name: SharedRows(keys, cells[start:end]) for name, cells in columns.items()}
        number = int(ids[start])
        try:
            yield EncounterRows(id=number, **own).read(zone)
        except BadCells as reason:
            yield Refusal(number, reason)


def without_nobodys(part: Table, path: Path) -> Table:
    """Drop rows of no encounter and of none of the nine signs. Raises UnusableExport for others of no encounter."""
    nobodys = part.filter(part["encounter"].is_null())
    for row, name in zip(nobodys["row"].to_pylist(), nobodys["names"].to_pylist(), strict=True):
        if not isinstance(name, str) or name.strip() in SIGN_NAMES:
            raise UnusableExport(f"{path}: idAtencion, row {row}: {NO_ID}.")
    return part.filter(part["encounter"].is_valid()) if len(nobodys) else part


def _cells(column: Any, name: str, dialect: Dialect) -> list[Any]:  # noqa: ANN401 - pyarrow ships no types
    """Give cells as JSON would hold them: numbers, texts and null."""
    if pa.types.is_floating(column.type):
        cells: list[Any] = column.to_numpy(zero_copy_only=False).tolist()  # null is NaN, as a missing value is
        return cells if name == "valor" else [None if cell != cell else cell for cell in cells]  # noqa: PLR0124
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return list(column.to_pylist())
    coded = column.combine_chunks().dictionary_encode()
    known = [read_cell(text, name, dialect) for text in coded.dictionary.to_pylist()]  # a few, in many rows
    places = coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    found: list[Any] = np.array([*known, None], dtype=object)[places].tolist()
    return found
