"""A ward's export of any size: the query, for DuckDB, that parts its rows by encounter. Cells stay as they came."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.csv_rows import COMMA, Dialect, dialect_of
from fcv_api.wire.encounter import COLUMNS
from fcv_api.wire.files import check_suffix

ID = "idAtencion"
REQUIRED = (ID, "nomSigno", "valor", "fecRegistro")
ID_TEXT = r"^[\s\p{{Z}}]*\+?(-?[0-9]{{1,19}})(?:{decimal}0+)?[\s\p{{Z}}]*$"
"""What `encounter_id` takes of text."""


@dataclass(frozen=True, slots=True)
class LongTable:
    """One file.

    dialect: of its texts. rows: the query of its rows: `encounter`, null where a row has none; `row`, its number in the
    file, by which a refusal names it, from 1, which in CSV is the header; and the columns that are read, by our names.
    """

    path: Path
    dialect: Dialect
    rows: str

    @property
    def by_encounter(self) -> str:
        """The query that puts each encounter's rows together, in their order. Rows of nobody come first."""
        return f"SELECT * FROM ({self.rows}) ORDER BY encounter NULLS FIRST, row"  # noqa: S608 - of names that we made


def open_table(path: Path) -> LongTable:
    """Look at a file's header. Raises UnusableExport."""
    check_suffix(path)
    return _open_csv(path) if path.suffix.lower() == ".csv" else _open_parquet(path)


def _open_csv(path: Path) -> LongTable:
    with path.open(encoding="utf-8-sig", newline="") as file:
        dialect = dialect_of(file.readline())
        file.seek(0)
        header = [name.strip() for name in next(csv.reader(file, delimiter=dialect.separator), [])]
    _check_header(header, path)
    places = [f"c{at}" for at in range(len(header))]  # others than ours may be named twice
    types = ", ".join(f"'{place}': 'VARCHAR'" for place in places)
    source = (
        f"read_csv({_text(str(path))}, columns={{{types}}}, delim='{dialect.separator}', quote='\"', escape='\"', "
        "header=true, auto_detect=false, strict_mode=true)"
    )
    cells = {name: place for name, place in zip(header, places, strict=True) if name in (ID, *COLUMNS)}
    number = _id_of_text(cells.pop(ID), dialect)
    numbered = f"(SELECT *, 1 + row_number() OVER () AS row FROM {source})"  # noqa: S608 - the path is quoted
    filled = f"coalesce({', '.join(places)}) IS NOT NULL"  # a row of separators only is blank
    return LongTable(path, dialect, f"{_select(number, 'row', cells)} FROM {numbered} WHERE {filled}")


def _open_parquet(path: Path) -> LongTable:
    try:
        schema = pq.read_schema(path)
    except pa.ArrowException as error:
        raise UnusableExport(f"{path} cannot be read as parquet: {str(error).splitlines()[0]}.") from None
    _check_header(schema.names, path)
    types = {name: schema.field(name).type for name in (ID, *COLUMNS) if name in schema.names}
    number = _id_of(types.pop(ID))
    cells = {name: _parquet_cell(name, kind) for name, kind in types.items()}
    source = f"read_parquet({_text(str(path))}, file_row_number=true)"
    return LongTable(path, COMMA, f"{_select(number, 'file_row_number + 1', cells)} FROM {source}")


def _check_header(header: list[str], path: Path) -> None:
    if missing := [name for name in REQUIRED if name not in header]:
        there = ", ".join(header) or "none"
        raise UnusableExport(f"{path} lacks the column {', '.join(missing)}; it has {there}.")
    if twice := sorted({name for name in header if header.count(name) > 1 and name in (ID, *COLUMNS)}):
        raise UnusableExport(f"{path} names {', '.join(twice)} more than once.")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _select(number: str, row: str, cells: Mapping[str, str]) -> str:
    columns = ", ".join(f"{cell} AS {COLUMNS[name]}" for name, cell in cells.items())
    return f"SELECT {number} AS encounter, {row} AS row, {columns}"


def _id_of_text(cell: str, dialect: Dialect) -> str:
    pattern = ID_TEXT.format(decimal="\\" + dialect.decimal)
    return _at_least_0(f"TRY_CAST(regexp_extract({cell}, '{pattern}', 1) AS BIGINT)")


def _id_of(kind: Any) -> str:  # noqa: ANN401 - pyarrow ships no types
    if pa.types.is_integer(kind):
        return _at_least_0(f"TRY_CAST({ID} AS BIGINT)")
    if pa.types.is_floating(kind):
        return _at_least_0(f"CASE WHEN {ID} = floor({ID}) THEN TRY_CAST({ID} AS BIGINT) END")
    return _id_of_text(f"CAST({ID} AS VARCHAR)", COMMA)


def _at_least_0(number: str) -> str:
    return f"CASE WHEN {number} >= 0 THEN {number} END"


def _parquet_cell(name: str, kind: Any) -> str:  # noqa: ANN401 - pyarrow ships no types
    """Give a cell as JSON would hold it: times as text, NaN as null."""
    if pa.types.is_timestamp(kind) and kind.tz:
        return f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%d %H:%M:%S.%f') || '+00:00'"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return f"replace(strftime(CAST({name} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f'), '.000000', '')"
    if pa.types.is_floating(kind):
        return f"CASE WHEN NOT isnan({name}) THEN CAST({name} AS DOUBLE) END"
    if pa.types.is_decimal(kind) or (name == "valor" and pa.types.is_integer(kind)):
        return f"CAST({name} AS DOUBLE)"
    return name
