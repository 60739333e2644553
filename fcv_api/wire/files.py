"""Files of tables: by their names, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fcv_api.domain.errors import UnusableExport

SUFFIXES = (".csv", ".parquet")


def check_suffix(path: Path) -> None:
    """Refuse a file that is neither CSV nor Parquet by its name. Raises UnusableExport."""
    if path.suffix.lower() not in SUFFIXES:
        raise UnusableExport(f"{path} must end in {' or '.join(SUFFIXES)}.")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; it becomes `path` when all went well, and nothing is left when not."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
