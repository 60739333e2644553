"""Part an export by encounter outside memory: DuckDB sorts it on disk, and whole encounters are cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.long_query import LongTable
from fcv_api.wire.long_rows import without_nobodys

ROWS_A_PART = 100_000
"""Fifty stays of twelve hours: half a second of work, and 1 MB."""
ROWS_A_BATCH = 50_000
SAID = ("CSV Error on Line", "Expected Number of Columns", "Invalid unicode", "unterminated quote", "No magic bytes")
Table = Any
"""pyarrow ships no types."""
Tell = Callable[[float], None]
"""Is told what share is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Room:
    """What parting may take. memory: in DuckDB's words, such as 1GB. folder: where it sorts what does not fit.

    rows: of a part, and of the encounter that it ends with.
    """

    memory: str
    folder: Path
    threads: int
    rows: int = ROWS_A_PART


def part_by_encounter(table: LongTable, room: Room, tell: Tell) -> Iterator[Table]:
    """Give whole encounters, by ascending id, each encounter's rows in the file's order. Raises UnusableExport."""
    with duckdb.connect() as database:
        database.execute(f"SET threads={room.threads}")
        database.execute("SET enable_progress_bar=false")
        database.execute("SET autoinstall_known_extensions=false")  # a LAN has no internet to fetch one from
        for name, value in (("memory_limit", room.memory), ("temp_directory", str(room.folder))):
            database.execute(f"SET {name}=?", [value])
        try:
            with _watched(database, tell):
                batches = database.sql(table.by_encounter).to_arrow_reader(ROWS_A_BATCH)
            tables = (without_nobodys(pa.Table.from_batches([each]), table.path) for each in batches)
            yield from _whole_encounters(tables, room.rows)
        except duckdb.Error as error:
            raise UnusableExport(f"{table.path} cannot be read: {_cause(error)}.") from None


def _whole_encounters(batches: Iterable[Table], rows: int) -> Iterator[Table]:
    """Put batches together and cut them between encounters. rows: of a part, at least."""
    kept: list[Table] = []
    for batch in batches:
        kept.append(batch)
        if sum(map(len, kept)) < rows:
            continue
        together = pa.concat_tables(kept)
        for start, end in _cuts(together["encounter"].to_numpy(), rows):
            yield together.slice(start, end - start)
            kept = [together.slice(end)]
    if sum(map(len, kept)):
        yield pa.concat_tables(kept)


def _cuts(ids: NDArray[np.int64], rows: int) -> Iterator[tuple[int, int]]:
    """Give parts of whole encounters, without the last one: it may go on."""
    starts = np.flatnonzero(np.diff(ids, prepend=-1))
    start = 0
    for end in starts.tolist():
        if end - start >= rows or (end == starts[-1] and end > start):
            yield start, end
            start = end


@contextmanager
def _watched(database: duckdb.DuckDBPyConnection, tell: Tell) -> Iterator[None]:
    """Tell how far a query is, from a thread of its own: the query holds this one."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            tell(max(0.0, database.query_progress()) / 100)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        tell(1.0)


def _cause(error: duckdb.Error) -> str:
    """Say what DuckDB found, without the row that it shows: that is a patient's."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return "it needs more --memory"
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if any(each in line for each in SAID)]
    return "; ".join(said) or type(error).__name__
