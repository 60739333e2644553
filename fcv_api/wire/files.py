"""Files of tables: by their names, CSV or Parquet, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from fcv_api.domain.errors import UnusableExport

SUFFIXES = (".csv", ".parquet")
ROWS_A_GROUP = 200_000
Table = Any
"""pyarrow ships no types."""


def check_suffix(path: Path) -> None:
    """Refuse a file that is neither CSV nor Parquet by its name. Raises UnusableExport."""
    if path.suffix.lower() not in SUFFIXES:
        raise UnusableExport(f"{path} must end in {' or '.join(SUFFIXES)}.")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; it becomes `path` when all went well, and nothing is left when not."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: object) -> None:
    """Write a file of indented JSON, whole or not at all."""
    with replaced(path) as part:
        part.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_tables(path: Path, tables: Iterable[Table], schema: Any, separator: str = ",") -> None:  # noqa: ANN401
    """Write tables of a schema one after the other. separator: of CSV's cells."""
    if path.suffix.lower() != ".csv":
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for table in _grouped(tables):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        return
    options = arrow_csv.WriteOptions(include_header=False, delimiter=separator, quoting_style="needed")
    with path.open("wb") as file:
        file.write((separator.join(schema.names) + "\n").encode())
        for table in _grouped(tables):
            arrow_csv.write_csv(table, file, options)


def _grouped(tables: Iterable[Table]) -> Iterator[Table]:
    """Put small tables together: one group of rows each would be slow to read."""
    kept: list[Table] = []
    for table in tables:
        kept.append(table)
        if sum(map(len, kept)) >= ROWS_A_GROUP:
            yield pa.concat_tables(kept)
            kept = []
    if kept:
        yield pa.concat_tables(kept)
