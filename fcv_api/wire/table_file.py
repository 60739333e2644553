"""A table of many encounters in a file, CSV or Parquet: opened, and read in batches, with whose each row is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.arrow_cells import NotReadable, cells_of, distinct_cells, exact_below, plain
from fcv_api.wire.cells import NO_ENCOUNTER, encounter_id
from fcv_api.wire.csv_file import CsvFile, open_csv, with_decimals
from fcv_api.wire.csv_rows import COMMA, Dialect
from fcv_api.wire.encounter import COLUMNS
from fcv_api.wire.encounters import orphan_rows
from fcv_api.wire.file_form import PLAIN, FileForm, SlashedDates
from fcv_api.wire.files import check_suffix
from fcv_api.wire.table import Distinct, Table

ID = "idAtencion"
EXPORT = {ID: True} | {name: name in ("nomSigno", "valor", "fecRegistro") for name in COLUMNS}
"""The columns of an export by name, and whether it must have them. It may have more, as `sede`."""
ROWS_A_BATCH = 50_000
Batch = Any
"""Rows of Arrow's: pyarrow ships no types."""


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """header: the names of its columns. rows: how many. dialect: of its texts."""

    path: Path
    header: list[str]
    rows: int
    dialect: Dialect = COMMA

    def batches(self, names: list[str], size: int) -> Iterator[Batch]:
        """Yield columns as they are, and `row`, by which a refusal names it, from 1. Raises UnusableExport."""
        first = 1
        with _opened(self.path) as file:
            for batch in file.iter_batches(size, columns=names):
                rows = pa.array(range(first, first + len(batch)), pa.int64())
                first += len(batch)
                yield batch.append_column("row", rows)


@dataclass(frozen=True, slots=True)
class TableFile:
    """dialect: of its texts. source: how it is read. names: the columns that are, without `idAtencion`."""

    path: Path
    dialect: Dialect
    source: CsvFile | ParquetFile
    names: list[str]
    form: FileForm = PLAIN

    def batches(self) -> Iterator[Batch]:
        """Yield `encounter`, `row`, and the columns, of plain types, in the file's order. Raises UnusableExport.

        A row of no encounter is left out where no model reads its sign, and refuses the file otherwise.
        """
        for batch in self.source.batches([ID, *self.names], ROWS_A_BATCH):
            columns = {name: self._dated(batch, name) for name in (ID, *self.names)}
            exact = exact_below(batch[ID].type)
            ids = distinct_cells(columns.pop(ID), ID, self.dialect)
            read = [encounter_id(cell, exact) for cell in ids.values]
            numbers = np.array([each if isinstance(each, int) else -1 for each in read])[ids.at]
            found = pa.record_batch({"encounter": numbers, "row": batch["row"]} | columns)
            self._check(found.filter(pa.array(numbers < 0)), [read[each] for each in ids.at[numbers < 0]])
            yield found.filter(pa.array(numbers >= 0))

    def _check(self, nobodys: Batch, reasons: list[Any]) -> None:
        """Raise UnusableExport where a model may read a row of no encounter. reasons: None for empty cells."""
        names: dict[str, Distinct[Any] | list[Any]] = {
            name: cells_of(nobodys[name], name, self.dialect) for name in self.names if name == "nomSigno"
        }
        for row in orphan_rows(Table(range(len(nobodys)), names), np.arange(len(nobodys))):
            raise UnusableExport(f"{self.path}: {ID}, row {nobodys['row'][row]}: {reasons[row] or NO_ENCOUNTER}.")

    def _dated(self, batch: Batch, name: str) -> Any:  # noqa: ANN401
        try:
            return self.form.in_iso(self._plain(batch, name), name)
        except SlashedDates as error:
            raise UnusableExport(
                f"{self.path}: {name}, row {batch['row'][error.at]}: a date such as 03/04/2024. Say --dates dmy where "
                "the day comes first, or --dates mdy where the month does."
            ) from None

    def _plain(self, batch: Batch, name: str) -> Any:  # noqa: ANN401
        try:
            return plain(batch[name])
        except NotReadable as error:
            raise UnusableExport(f"{self.path}: {name} {error}.") from None


def open_table(path: Path, wanted: dict[str, bool] = EXPORT, form: FileForm = PLAIN) -> TableFile:
    """Look at a file's header. wanted: columns by name, and whether it must have them. Raises UnusableExport."""
    check_suffix(path)
    source = open_csv(path, form.encoding) if path.suffix.lower() == ".csv" else _open_parquet(path)
    header = source.header
    if missing := [name for name, required in wanted.items() if required and name not in header]:
        there = ", ".join(header) or "none"
        raise UnusableExport(f"{path} lacks the column {', '.join(missing)}; it has {there}.")
    if twice := [name for name in wanted if header.count(name) > 1]:
        raise UnusableExport(f"{path} names {', '.join(twice)} more than once.")
    if isinstance(source, CsvFile) and "valor" in wanted:
        source = with_decimals(source, "valor")
    return TableFile(path, source.dialect, source, [name for name in wanted if name in header and name != ID], form)


def _open_parquet(path: Path) -> ParquetFile:
    with _opened(path) as file:
        return ParquetFile(path, file.schema_arrow.names, file.metadata.num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file by itself, so that no folder's name becomes a column. Raises UnusableExport."""
    with path.open("rb") as file:
        try:
            yield pq.ParquetFile(file, coerce_int96_timestamp_unit="us")
        except (pa.ArrowException, OSError) as error:
            fault = str(error).splitlines()[0].rstrip(".")
            raise UnusableExport(f"{path} cannot be read as parquet: {fault}.") from None
