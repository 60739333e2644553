"""A CSV file of any size: its header, its dialect, and its rows in batches of texts. DuckDB parses it."""

from __future__ import annotations

import csv
import os
import re
from codecs import EncodedFile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any

import duckdb
import pyarrow as pa

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.csv_rows import COMMA, ONE_CELL, Dialect, NotCsv, dialect_of, read_header, split_separator_line
from fcv_api.wire.file_form import NotUtf8

UTF8 = "utf-8"
START = 2**20
"""Characters that are looked at first: the header, and how long lines are."""
BUFFER, LINE = 8 * 2**20, 2 * 2**20
"""Bytes that DuckDB parses at a time, and of the longest line."""
NOT_UTF8 = "it is not UTF-8; in a spreadsheet choose 'CSV UTF-8'"
FAULTS = {
    "Invalid unicode": NOT_UTF8,
    "unterminated quote": "a quote is not closed, or stands in a cell and is not doubled",
    "Maximum line size": "it is longer than 2 MB",
    "invalid state": "its lines do not all end alike, or a quote is not closed",
}


@dataclass(frozen=True, slots=True)
class CsvFile:
    """header: its names. rows: about how many. skipped: lines before the header. dialect, encoding: of its texts."""

    path: Path
    header: list[str]
    rows: int
    skipped: int
    dialect: Dialect
    encoding: str = UTF8

    def batches(self, names: list[str], size: int) -> Iterator[Any]:
        """Yield columns of the rows that are not blank, as texts, and `row`. Raises UnusableExport.

        row: by which a refusal names it. The header is row 1, or 2 below a line that names the separator.
        """
        columns = ", ".join(f'{self._place(name)} AS "{name}"' for name in names)
        cells = ", ".join(self._types())
        numbered = f"(SELECT *, {1 + self.skipped} + row_number() OVER () AS row FROM {{rows}})"  # noqa: S608 - ours
        return self._query(f"SELECT row, {columns} FROM {numbered} WHERE coalesce({cells}) IS NOT NULL", size)  # noqa: S608

    def holds(self, sign: str, name: str) -> bool:
        """Return whether a sign stands anywhere in a column. Raises UnusableExport."""
        query = f"SELECT 1 FROM {{rows}} WHERE contains({self._place(name)}, '{sign}') LIMIT 1"  # noqa: S608
        return any(len(batch) for batch in self._query(query, 1))

    def _place(self, name: str) -> str:
        return f"c{self.header.index(name)}"

    def _types(self) -> dict[str, str]:
        """Return names for the columns, of which others than ours may be named twice, and their types."""
        return {f"c{at}": "VARCHAR" for at in range(len(self.header))}

    def _query(self, query: str, size: int) -> Iterator[Any]:
        """Yield what a query of {rows} finds. Raises UnusableExport.

        The file is opened here and named by its number, for DuckDB reads a path as a pattern.
        """
        separator = self.dialect.separator.replace("'", "''")
        with self._from_header() as file, duckdb.connect(config={"threads": 2}) as database:
            rows = (
                f"read_csv('/dev/fd/{file.fileno()}', columns={self._types()}, header=true, delim='{separator}', "
                f"quote='\"', escape='\"', strict_mode=true, auto_detect=false, hive_partitioning=false, "
                f"buffer_size={BUFFER}, max_line_size={LINE})"
            )
            try:
                yield from database.sql(query.format(rows=rows)).to_arrow_reader(size)
            except (duckdb.Error, pa.ArrowException, OSError) as error:  # the last two for later rows
                fault = _fault(str(error), self.skipped)
                kind = NotUtf8 if NOT_UTF8 in fault else UnusableExport
                raise kind(f"{self.path} cannot be read as csv: {fault}.") from None

    def _from_header(self) -> IO[bytes]:
        """Open the file. DuckDB skips more than the line that names the separator, so one without it is made.

        It reads UTF-8 alone without an extension, so another encoding is written anew too.
        """
        if self.encoding == UTF8 and not self.skipped:
            return self.path.open("rb")
        rest = TemporaryFile()  # noqa: SIM115 - the caller closes it
        with self.path.open("rb") as file:
            source = file if self.encoding == UTF8 else EncodedFile(file, "utf-8", self.encoding)
            for _ in range(self.skipped):
                source.readline()
            copyfileobj(source, rest)
        rest.flush()
        return rest


def open_csv(path: Path, encoding: str = UTF8) -> CsvFile:
    """Read a file's header and separator. Raises UnusableExport."""
    try:
        with path.open(encoding="utf-8-sig" if encoding == UTF8 else encoding, newline="") as file:
            start, size = file.read(START), os.fstat(file.fileno()).st_size
        separator, table = split_separator_line(start)
        header = read_header(csv.reader(StringIO(table, newline=""), delimiter=separator, strict=True), ())
        if len(header) == 1:
            raise NotCsv(ONE_CELL)  # noqa: TRY301 - answered below, as what read_header finds
    except (UnicodeDecodeError, NotCsv) as error:
        fault, kind = (error, UnusableExport) if isinstance(error, NotCsv) else (NOT_UTF8, NotUtf8)
        raise kind(f"{path} cannot be read as csv: {fault}.") from None
    rows = size * start.count("\n") // max(1, len(start))
    return CsvFile(path, header, rows, int(len(table) < len(start)), Dialect(separator, COMMA.decimal), encoding)


def with_decimals(file: CsvFile, name: str) -> CsvFile:
    """Return a file with its sign of decimals, which all values of a column tell. Raises UnusableExport."""
    separator = file.dialect.separator
    commas = separator != COMMA.separator and file.holds(",", name)
    points = separator == ";" and not commas and file.holds(".", name)
    return replace(file, dialect=dialect_of(separator, commas=commas, points=points))


def _fault(said: str, before: int) -> str:
    """Return what DuckDB found, without the row that it shows: that is a patient's. before: lines before its first."""
    line = re.search(r"CSV Error on Line: (\d+)\n", said)
    cells = re.search(r"\nExpected Number of Columns: (\d+) Found: (\d+)\n", said)
    fault = next((words for sign, words in FAULTS.items() if sign in said), "it is no row of a table")
    if cells:
        fault = f"it has {cells[2]} cells, and the header {cells[1]}"
    return f"line {int(line[1]) + before}: {fault}" if line else fault
