"""Cells of the columns that only `/observations` reads: a name as monitors write it, a bed, a channel, a status."""

from __future__ import annotations

import unicodedata
from typing import Any

from fcv_api.domain.channels import BEAT_RATE, HEART_RATE
from fcv_api.domain.units import Unit
from fcv_api.wire.cells import PREFIX, VENDOR_PREFIX, Reason, show, text_of, whole_number

LONGEST_BED, LONGEST_CHANNEL, LONGEST_UNIT = 250, 64, 64
STATUSES = ("F", "C", "D", "W")
DELETES = ("C", "D", "W")
"""Statuses of a row that states something though it has no value."""
NO_STATUS = Reason(f"must be {', '.join(STATUSES[:-1])} or {STATUSES[-1]}")
CONTROL = Reason("holds a control character")


def name_of(cell: object) -> str:
    """Return the name that a sign goes by where it has two; empty for its only one."""
    return BEAT_RATE if _is_beat_rate(cell) else ""


def as_sign(cell: Any) -> Any:  # noqa: ANN401 - any cell
    """Return a name as the sign's own, where monitors have another one for it."""
    return HEART_RATE if _is_beat_rate(cell) else cell


def _is_beat_rate(cell: object) -> bool:
    name = (text_of(cell) or "").upper() if isinstance(cell, str) else ""
    return name in (BEAT_RATE, BEAT_RATE.replace(PREFIX, VENDOR_PREFIX, 1))


def status(cell: object) -> str | Reason | None:
    """Return what a row states: F, C, D or W; None for nothing said."""
    if cell is None or (isinstance(cell, str) and text_of(cell) is None):
        return None
    said = (text_of(cell) or "").upper() if isinstance(cell, str) else ""
    return said if said in STATUSES else NO_STATUS


def bed(cell: object) -> str | Reason | None:
    """Return a bed's name, also one that is a number."""
    return _label(cell, LONGEST_BED)


def channel(cell: object) -> str | Reason | None:
    """Return a channel's name, also one that is a number."""
    return _label(cell, LONGEST_CHANNEL)


def _label(cell: object, longest: int) -> str | Reason | None:
    whole = None if isinstance(cell, str) else whole_number(cell)
    said = str(whole) if whole is not None else cell
    if said is None:
        return None
    if not isinstance(said, str):
        return Reason(f"must be a text, not {show(cell)}")
    text = text_of(said)
    if text is not None and any(unicodedata.category(each) == "Cc" for each in text):
        return CONTROL
    return Reason(f"is longer than {longest} characters") if text is not None and len(text) > longest else text


def unit_text(unit: Unit | str | None) -> str:
    """Return a unit as it is stored: a known one by its reference id, another one as it was sent."""
    if isinstance(unit, Unit):
        return unit.name
    printable = "".join(each for each in unit or "" if unicodedata.category(each) != "Cc")
    return printable[:LONGEST_UNIT]
