"""A column of times: when each row was measured, as an instant in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.wire.cells import ABSENT, Reason, show, text_of
from fcv_api.wire.table import Distinct

Instants = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
# What an export writes.
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
YEARS = range(1900, 2200)  # of a living patient; the calendar's ends would overflow in another zone
A_DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_TIME = np.datetime64("NaT", "us")
NOT_A_TIME = Reason("is not a time such as 2024-03-03 09:32:41")
NO_ROW = Reason("this row is missing from the column")


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """instants: (n,) datetime64[us] in UTC, by the rows of the column; NaT where the cell is no time.

    naive: (n,), they said no offset. ambiguous: (n,), clocks showed them twice or never; the first instant is given.
    """

    instants: Instants
    naive: Mask
    ambiguous: Mask


def read_times(column: Distinct[Any], zone: tzinfo) -> Times:
    """Read a column of times. zone: the wall clock of times without an offset."""
    read = _read_plain(column.values, zone) or _read_each(column.values, zone)
    return Times(read.instants[column.at], read.naive[column.at], read.ambiguous[column.at])


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


def ambiguous_reason(zone: tzinfo) -> Reason:
    """Return why a time may be two instants, or none."""
    return Reason(f"was shown twice or never by clocks in {zone}; send times with their offset")


def _read_plain(texts: list[Any], zone: tzinfo) -> Times | None:
    """Read what nearly every request holds, all at once. None where a text has to be looked at by itself."""
    if not ({str}.issuperset(map(type, texts)) and all(map(PLAIN_TIME.fullmatch, texts))):
        return None
    try:
        instants = in_utc(np.array(texts, dtype="datetime64[us]"), zone)
    except ValueError:  # the 31st of February
        return None
    if instants is None:
        return None
    return Times(instants, np.ones(len(texts), dtype=np.bool_), np.zeros(len(texts), dtype=np.bool_))


def in_utc(local: Instants, zone: tzinfo) -> Instants | None:
    """Read a zone's wall clock. None where its clocks are set near by, or a time is hardly a patient's."""
    days = local.astype("datetime64[D]")
    if not len(days) or days.min() == days.max():
        days, at = days[:1], np.zeros(len(days), dtype=np.intp)
    else:
        days, at = np.unique(days, return_inverse=True)
    offsets = [_offset(day, zone) for day in days.tolist()]
    if None in offsets:
        return None
    instants: Instants = local - np.array(offsets, dtype="timedelta64[us]")[at]
    return instants


def _offset(day: Any, zone: tzinfo) -> timedelta | None:  # noqa: ANN401 - NumPy's dates are not typed
    """Return a zone's offset on a day. None where its clocks are set then or a day before or after."""
    if day.year not in YEARS:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock
    before, after = (zone.utcoffset(midnight + days * A_DAY) for days in (-1, 2))
    return before if before == after else None


def _read_each(cells: list[Any], zone: tzinfo) -> Times:
    """Read each cell by itself."""
    times = [parse_time(cell) if isinstance(cell, str) else None for cell in cells]
    naive = np.array([time is not None and time.tzinfo is None for time in times], dtype=np.bool_)
    ambiguous = [
        bool(time and is_naive and is_unclear(time, zone)) for time, is_naive in zip(times, naive, strict=True)
    ]
    instants = [NO_TIME if time is None else np.datetime64(utc_microseconds(time, zone), "us") for time in times]
    return Times(np.array(instants, dtype="datetime64[us]"), naive, np.array(ambiguous, dtype=np.bool_))


def is_unclear(time: datetime, zone: tzinfo) -> bool:
    """Return whether a wall clock showed this time twice, or left it out."""
    first, second = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return first.utcoffset() != second.utcoffset()


def utc_microseconds(time: datetime, zone: tzinfo) -> int:
    since = (time if time.tzinfo else time.replace(tzinfo=zone)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
