"""One cell of a table, whatever it came in: what a name, a number, a unit, a time or an encounter's number is.

Every door reads a cell by these functions, so that the same cell is the same everywhere. A function returns the value,
None for no value, or a `Reason` why the cell is wrong.
"""

from __future__ import annotations

import codecs
import re
import string
import unicodedata
from datetime import datetime
from typing import Any

from fcv_api.domain.units import UNIT_BY_NAME, Unit
from fcv_api.domain.vitals import INDEX_BY_NAME

NULLS = frozenset(("", "NULL", "null", "None", "NA", "N/A", "NaN", "nan", "<NA>"))
"""How exporters write that there is no value."""
LARGEST_ID = 2**63 - 1  # what a database's BIGINT holds
EXACT_BELOW = 2**53
"""From here on a float64 may stand for another whole number than the one that was meant (IEEE 754)."""
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
YEARS = range(1900, 2200)  # of a living patient; the calendar's ends would overflow in another zone
WHOLE = re.compile(r"[+-]?\d{1,19}(\.0+)?", re.ASCII)
VENDOR_PREFIX, PREFIX = "NOM_", "MDC_"
"""Philips writes the reference ids of IEEE 11073-10101 with a prefix of its own."""
ORDINAL = "º"
"""What Spanish keyboards have for a degree sign."""
INVISIBLE = "\u200b\u2060\ufeff\0" + string.whitespace + "\u00a0"
"""Nothing that a person sees: blanks, zero width, a byte order mark, a database's padding."""


AT_ONCE = 2**20
ABSENT: Any = object()
"""The name of a row of which only the encounter is said, and the time of a row that the column of times lacks."""


class Reason(str):
    """Why a cell is wrong, in words."""

    __slots__ = ()


NO_ID = Reason("must be one whole number from 0 to 2**63 - 1")
UNCERTAIN_ID = Reason("is a float too large to say which encounter it is: send a whole number, or text")
NO_ENCOUNTER = Reason("this row has no encounter")
NO_NAME = Reason("this row has no name")
NO_CODE = Reason("must be a whole number")
NOT_A_TIME = Reason("is not a time such as 2024-03-03 09:32:41")
NO_ROW = Reason("this row is missing from the column")


def check_utf8(body: bytes) -> None:
    """Raise UnicodeDecodeError for what is not UTF-8. The text is dropped: it may take four times as much."""
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(body), AT_ONCE):
        decoder.decode(body[start : start + AT_ONCE], final=start + AT_ONCE >= len(body))


def text_of(cell: str) -> str | None:
    """Return a text without blanks at its ends, of whatever kind, and its letters composed; None where it says nothing.

    NFC makes one letter of a letter and its accent. NFKC would make 102 of 10²: it is not for what may be a number.
    """
    text = " ".join(unicodedata.normalize("NFC", cell).strip(INVISIBLE).split())
    return None if text in NULLS else text


def sign_index(cell: object) -> int | Reason:
    """Return which of the nine signs a name is of, by `vitals.SIGNS`; -1 for another name."""
    if not isinstance(cell, str):
        if cell is ABSENT:
            return -1
        return NO_NAME if cell is None else Reason(f"must be a sign's name, not {show(cell)}")
    known = INDEX_BY_NAME.get(cell)
    if known is not None:
        return known
    name = text_of(cell)
    if name is None:
        return NO_NAME
    name = name.upper()
    return INDEX_BY_NAME.get(PREFIX + name[len(VENDOR_PREFIX) :] if name.startswith(VENDOR_PREFIX) else name, -1)


def number(cell: object) -> float | Reason | None:
    """Return a measured value."""
    if isinstance(cell, Reason):
        return cell
    if cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)):
        return None if cell is None or cell != cell else _float(cell)  # noqa: PLR0124 - NaN
    return Reason(f"must be a number or null, not {show(cell)}")


def _float(cell: float) -> float:
    try:
        return float(cell)
    except OverflowError:  # outside the hard limits of every sign
        return float("inf") if cell > 0 else float("-inf")


def code(cell: object) -> int | Reason | None:
    """Return a code: a whole number, also as text or as 5.0."""
    if cell is None or (isinstance(cell, str) and text_of(cell) is None):
        return None
    whole = whole_number(cell)
    return NO_CODE if whole is None else whole


def whole_number(cell: object) -> int | None:
    """Return 5, 5.0 or "5" as 5; None for anything else, 5.9 and true among it."""
    if isinstance(cell, str):
        text = text_of(cell)
        return int(text.split(".")[0]) if text and WHOLE.fullmatch(text) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return int(cell) if isinstance(cell, int) or cell.is_integer() else None


def encounter_id(cell: object, exact_below: int = EXACT_BELOW) -> int | Reason | None:
    """Return an encounter's number: from 0 to 2**63 - 1, also as text or as 5.0.

    exact_below: from here on a float of the cell's size does not hold every whole number.
    """
    if isinstance(cell, Reason):
        return cell
    if cell is None or (isinstance(cell, str) and text_of(cell) is None):
        return None
    found = whole_number(cell)
    if found is None or not 0 <= found <= LARGEST_ID:
        return NO_ID
    return UNCERTAIN_ID if isinstance(cell, float) and found >= exact_below else found


def parse_time(text: str) -> datetime | None:
    """Read `YYYY-MM-DD HH:MM:SS`, also with T, fractions or an offset; None for anything else."""
    stripped = text_of(text) or ""
    if not TIME.fullmatch(stripped):
        return None
    try:
        time = datetime.fromisoformat(stripped)
    except ValueError:  # the 31st of February
        return None
    return time if time.year in YEARS else None


def time_reason(cell: object) -> Reason:
    """Return why a cell is no time."""
    if cell is ABSENT:
        return NO_ROW
    if isinstance(cell, str) and text_of(cell) is not None:
        return NOT_A_TIME
    return Reason(f"must be a time such as 2024-03-03 09:32:41, not {show(None if isinstance(cell, str) else cell)}")


def unit(cell: object) -> Unit | str | Reason | None:
    """Return a unit by its name in MDC, UCUM or as people write it, or by its code; the text where nobody knows it."""
    if isinstance(cell, list | dict | bool):
        return Reason(f"must be a unit, not {show(cell)}")
    text = text_of(cell.replace(ORDINAL, "°")) if isinstance(cell, str) else cell
    if text is None:
        return None
    whole = whole_number(text)
    written = str(text if whole is None else whole)
    if whole is not None and abs(whole) >= EXACT_BELOW:  # no code is so large: whether it came as a float says nothing
        written = f"{_float(whole):g}"
    return UNIT_BY_NAME.get(written.casefold(), written)


def show(cell: object) -> str:
    """Return what kind of cell it is, for a message: never a value of a patient's."""
    names = {dict: "an object", list: "a list", bool: "true or false", str: "text", type(None): "null"}
    return names.get(type(cell), "a number")
