"""Partition an export by encounter outside memory: DuckDB sorts it on disk, and whole encounters are cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.table_file import ROWS_A_BATCH, TableFile

ROWS_A_PART = 100_000
"""Fifty stays of twelve hours: half a second of work, and 1 MB."""
Table = Any
"""pyarrow ships no types."""
OnProgress = Callable[[int], None]
"""Is called with how many rows were read."""


@dataclass(frozen=True, slots=True)
class SortOptions:
    """What sorting may take. memory: in DuckDB's words, such as 1GB. folder: where it sorts what does not fit.

    rows: of a part, and of the encounter that it ends with.
    """

    memory: str
    folder: Path
    threads: int
    rows: int = ROWS_A_PART


@dataclass(slots=True)
class _Stream:
    """What DuckDB reads while it sorts. failure: what ended it, of which DuckDB tells only a text."""

    batches: Iterator[Any]
    on_progress: OnProgress
    failure: BaseException | None = None

    def __iter__(self) -> Iterator[Any]:
        done = 0
        try:
            for batch in self.batches:
                yield batch
                done += len(batch)
                self.on_progress(done)
        except BaseException as error:
            self.failure = error
            raise


def partition(file: TableFile, options: SortOptions, on_progress: OnProgress = lambda _rows: None) -> Iterator[Table]:
    """Yield whole encounters, by ascending id, each encounter's rows in the file's order. Raises UnusableExport."""
    batches = file.batches()
    first = next(batches, None)
    if first is None:
        return
    stream = _Stream(chain([first], batches), on_progress)
    with _database(options) as database:
        try:
            database.register("export", pa.RecordBatchReader.from_batches(first.schema, stream))
            found = database.sql("SELECT * FROM export ORDER BY encounter, row").to_arrow_reader(ROWS_A_BATCH)
            yield from _whole_encounters((pa.Table.from_batches([each]) for each in found), options.rows)
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # the last two for later parts
            raise stream.failure or UnusableExport(f"{file.path} cannot be sorted: {_fault(error)}.") from None


@contextmanager
def _database(options: SortOptions) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        database.execute(f"SET threads={options.threads}")
        database.execute("SET autoinstall_known_extensions=false")  # a LAN has no internet to fetch one from
        for name, value in (("memory_limit", options.memory), ("temp_directory", str(options.folder))):
            database.execute(f"SET {name}=?", [value])
        yield database


def _fault(error: Exception) -> str:
    if "Out of Memory" in str(error):
        return "it needs more --memory"
    return str(error).splitlines()[0].removeprefix("IO Error: ").rstrip(".")  # no space left, for one


def _whole_encounters(batches: Iterable[Table], rows: int) -> Iterator[Table]:
    """Put batches together and cut them between encounters. rows: of a part, at least."""
    kept: list[Table] = []
    for batch in batches:
        kept.append(batch)
        if sum(map(len, kept)) >= rows:
            *parts, last = _cut(pa.concat_tables(kept), rows)
            yield from parts
            kept = [last]
    if kept:
        yield pa.concat_tables(kept)


def _cut(together: Table, rows: int) -> list[Table]:
    """Return parts of whole encounters, the last encounter by itself: it may go on."""
    starts = np.flatnonzero(np.diff(together["encounter"].to_numpy(), prepend=-1)).tolist()
    cuts = [0]
    for start in starts[1:]:
        if start - cuts[-1] >= rows or start == starts[-1]:
            cuts.append(start)
    return [together.slice(start, end - start) for start, end in pairwise([*cuts, len(together)])]
