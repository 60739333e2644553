"""Times of HL7: YYYYMMDDHHMM, with seconds, fractions and an offset where they are said."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

from fcv_api.wire.cells import YEARS
from fcv_api.wire.columns import is_unclear, utc_microseconds
from fcv_api.wire.hl7.reasons import Reason

FORM = re.compile(r"(\d{4}(?:\d\d){0,5})(?:\.(\d{1,9}))?(?:([+-])(\d\d):?(\d\d)|(Z))?", re.ASCII)
MINUTES, SECONDS = 12, 14
"""Digits of a time to the minute, and to the second. A date alone is no instant."""
LONGEST = 64
FARTHEST = timedelta(hours=15)


class Said(NamedTuple):
    """A time as it was said. wall: None for a date alone. offset: None where none was said."""

    wall: datetime | None
    offset: timedelta | None


def parse(text: str) -> Said | None:
    """Read a time; None for what is none."""
    return _parse(text.strip()) if len(text) <= LONGEST else None


@lru_cache(1024)  # the observations of a message share their times
def _parse(text: str) -> Said | None:
    found = FORM.fullmatch(text)
    offset = _offset(found) if found else None
    if not found or (offset is not None and abs(offset) > FARTHEST):
        return None
    digits, fraction = found[1], found[2] or ""
    if len(digits) < MINUTES or (fraction and len(digits) < SECONDS):
        return Said(None, offset)
    try:
        wall = datetime.strptime(digits.ljust(SECONDS, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock
    except ValueError:  # the 31st of February
        return None
    wall = wall.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return Said(wall, offset) if wall.year in YEARS else None


def _offset(found: re.Match[str]) -> timedelta | None:
    if found[6]:
        return timedelta(0)
    if not found[3]:
        return None
    size = timedelta(hours=int(found[4]), minutes=int(found[5]))
    return -size if found[3] == "-" else size


def instant(text: str, offset: timedelta | None, zone: tzinfo) -> int | Reason:
    """Return a time in microseconds since the epoch, or why it is none.

    offset: of a time that says none, where the message has one. zone: of one that then still has none; such a time is
    dropped where the zone's clocks show it twice or never.
    """
    said = parse(text)
    if said is None or said.wall is None:
        return Reason.UNREADABLE_TIME
    own = offset if said.offset is None else said.offset
    if own is not None:
        return utc_microseconds(said.wall, UTC if not own else timezone(own))
    return Reason.AMBIGUOUS_TIME if is_unclear(said.wall, zone) else utc_microseconds(said.wall, zone)
