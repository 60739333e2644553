"""Tables in files: CSV, with a comma or as Spanish spreadsheets write it, and Parquet, by the file's suffix."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.csv_rows import dialect_of
from fcv_api.wire.files import check_suffix


def read_table(path: Path, columns: dict[str, bool]) -> pd.DataFrame:
    """Read some columns of a table, texts as texts. Raises UnusableExport.

    columns: by name, whether the table must have it.
    """
    check_suffix(path)
    try:
        table = _read_csv(path, columns) if path.suffix.lower() == ".csv" else _read_parquet(path)
    except (pa.ArrowException, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnusableExport(f"{path} cannot be read as {path.suffix[1:]}: {str(error).splitlines()[0]}.") from None
    missing = [name for name, required in columns.items() if required and name not in table.columns]
    if missing:
        there = ", ".join(map(str, table.columns)) or "none"
        raise UnusableExport(f"{path} lacks the column {', '.join(missing)}; it has {there}.")
    if table.empty:
        raise UnusableExport(f"{path} has no rows.")
    return table[[name for name in columns if name in table.columns]]


def _read_csv(path: Path, columns: dict[str, bool]) -> pd.DataFrame:
    """Read a CSV file, of either dialect."""
    with path.open(encoding="utf-8-sig") as file:
        dialect = dialect_of(file.readline())
    texts = dict.fromkeys((name for name in columns if name not in ("valor", "idSigno")), str)
    return pd.read_csv(
        path,
        sep=dialect.separator,
        decimal=dialect.decimal,
        dtype=texts,
        encoding="utf-8-sig",
        low_memory=False,  # one type a column, not one a chunk
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file, texts as Python's own: slicing out of Arrow's took ten times as long."""
    table = pd.read_parquet(path)
    texts = [name for name in table.columns if pd.api.types.is_string_dtype(table[name])]
    return table.astype(dict.fromkeys(texts, object))


def write_table(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Write frames of the same columns one after the other. Raises UnusableExport."""
    check_suffix(path)
    write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
    write(path, frames)


def _write_csv(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(frames):
            frame.to_csv(file, index=False, header=number == 0, lineterminator="\n")


def _write_parquet(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()
