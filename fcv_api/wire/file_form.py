"""How a table's file is written where it is not as this service would: its encoding, and the order of its dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.errors import UnusableExport

ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16")
DATES = ("iso", "dmy", "mdy")
TIME_COLUMNS = ("fecRegistro", "onset")
SLASHED = r"^\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b"
PADDED = ((r"^\s*(\d)[/.-]", r"0\1/"), (r"^\s*(\d\d)[/.-](\d)[/.-]", r"\1/0\2/"), (r"\s+(\d):", r" 0\1:"))
ORDERED = {"dmy": r"\3-\2-\1", "mdy": r"\3-\1-\2"}
Column = Any
"""pyarrow ships no types."""


class NotUtf8(UnusableExport):
    """A file's text is in another encoding than was said."""


@dataclass(frozen=True, slots=True)
class FileForm:
    """encoding: of a CSV. dates: one of `DATES`; empty where nobody can say, so that no advice is given."""

    encoding: str = "utf-8"
    dates: str = ""

    def in_iso(self, column: Column, name: str) -> Column:
        """Return a column of times whose days come first, or months, as ISO 8601; any other column as it is.

        Raises SlashedDates where dates come so and nobody said in which order.
        """
        if name not in TIME_COLUMNS or not self.dates or not pa.types.is_string(column.type):
            return column
        slashed = pc.fill_null(pc.match_substring_regex(column, SLASHED), fill_value=False)
        first = pc.index(slashed, pa.scalar(value=True)).as_py()
        if first < 0:
            return column
        if self.dates == "iso":
            raise SlashedDates(first)
        for pattern, replacement in (*PADDED, (r"^\s*(\d\d)[/.-](\d\d)[/.-](\d{4})", ORDERED[self.dates])):
            column = pc.replace_substring_regex(column, pattern, replacement)
        return column


PLAIN = FileForm()
"""UTF-8, and nobody to advise."""


class SlashedDates(Exception):
    """Dates come as day, month and year in an order that nobody said. at: the first one's position in its column."""

    def __init__(self, at: int) -> None:
        """at: the first one's position in its column."""
        super().__init__()
        self.at = at
