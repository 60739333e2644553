"""A column of times: when each row was measured, as an instant in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.errors import AmbiguousTime, BadCells, MixedTimeZones
from fcv_api.wire.columns import Cells, cell_at, show

Instants = NDArray[np.datetime64]

TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
# What an export writes.
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
YEARS = range(1900, 2200)  # of a living patient; the calendar's ends would overflow in another zone
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """instants: (n,) datetime64[us] in UTC, by the rows of the column. naive: they said no offset.

    texts: the distinct ones that were read, where that took objects.
    """

    instants: Instants
    naive: bool
    texts: list[str]

    def take(self, rows: NDArray[np.intp]) -> Times:
        """Keep some rows, in the order of `rows`."""
        return replace(self, instants=self.instants[rows])


def read_times(cells: Cells, zone: tzinfo) -> Times:
    """Read a column of times. Raises InvalidRows, MixedTimeZones or AmbiguousTime.

    zone: the wall clock of times without an offset.
    """
    try:
        positions = {text: position for position, text in enumerate(dict.fromkeys(cells.cells))}
        texts = list(positions)  # 150 distinct ones in 2,000 rows: each is read once
        if not {str}.issuperset(map(type, texts)):
            raise cells.explain(_reason)
        instants, naive = _read_plain(texts, zone), True
    except TypeError:  # a list or an object
        raise cells.explain(_reason) from None
    if instants is None:
        instants, naive = _read_any(cells, texts, zone)
    rows = np.fromiter(map(positions.__getitem__, cells.cells), np.intp, len(cells.cells))
    return Times(instants[rows], naive, texts)


def newest(read: Times, cells: Iterable[Any], zone: tzinfo) -> np.datetime64 | None:
    """Give the newest instant of a whole column, `cells`, of which some rows were read before.

    In the others what is no time is passed over, and one that clocks showed twice is taken for the first.
    """
    try:
        others = set(cells).difference(read.texts)
    except TypeError:  # a list or an object
        others = {each for each in cells if isinstance(each, str)}
    texts = [each for each in others if isinstance(each, str)]
    instants = _read_plain(texts, zone)
    if instants is None:
        times = [time for text in texts if (time := parse_time(text))]
        instants = np.array([_utc_microseconds(time, zone) for time in times], dtype=np.int64).view("datetime64[us]")
    found = np.append(instants, read.instants)
    return found.max() if len(found) else None


def parse_time(text: str) -> datetime | None:
    """Read `YYYY-MM-DD HH:MM:SS`, also with T, fractions or an offset; None for anything else."""
    if not TIME.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:  # the 31st of February
        return None
    return time if time.year in YEARS else None


def _reason(cell: object) -> str | None:
    if not isinstance(cell, str):
        return f"must be a time such as 2024-03-03 09:32:41, not {show(cell)}"
    return None if parse_time(cell) else "is not a time such as 2024-03-03 09:32:41"


def _read_plain(texts: list[str], zone: tzinfo) -> Instants | None:
    """Read what nearly every request holds, all at once. None where each text has to be looked at by itself."""
    if not texts or not all(map(PLAIN_TIME.fullmatch, texts)):
        return None
    try:
        return in_utc(np.array(texts, dtype="datetime64[us]"), zone)
    except ValueError:
        return None


def read_local(local: Instants | None, zone: tzinfo) -> Times | None:
    """Read a zone's wall clock. None where each time has to be looked at by itself."""
    instants = None if local is None else in_utc(local, zone)
    return None if instants is None else Times(instants, naive=True, texts=[])


def in_utc(local: Instants, zone: tzinfo) -> Instants | None:
    """Read a zone's wall clock. None where its clocks are set near by, or a time is hardly a patient's."""
    first, last = local.min().item(), local.max().item()
    if first.year not in YEARS or last.year not in YEARS or last - first > A_WEEK:
        return None
    before, after = (zone.utcoffset(time) for time in (first - A_DAY, last + A_DAY))
    if before is None or before != after:
        return None
    instants: Instants = local - np.timedelta64(before)
    return instants


def _read_any(cells: Cells, texts: list[str], zone: tzinfo) -> tuple[Instants, bool]:
    """Read each text by itself, and tell whether they come without an offset."""
    times = {text: time for text in texts if (time := parse_time(text))}
    if len(times) < len(texts):
        raise cells.explain(_reason)
    naive = {text for text, time in times.items() if time.tzinfo is None}
    if naive and len(naive) < len(times):
        raise _cells(MixedTimeZones, cells, naive, "says no offset from UTC, and other rows do")
    unclear = {text for text in naive if _is_unclear(times[text], zone)}
    if unclear:
        reason = f"was shown twice or never by clocks in {zone}; send times with their offset"
        raise _cells(AmbiguousTime, cells, unclear, reason)
    microseconds = [_utc_microseconds(time, zone) for time in times.values()]
    return np.array(microseconds, dtype=np.int64).view("datetime64[us]"), bool(naive) or not times


def _is_unclear(time: datetime, zone: tzinfo) -> bool:
    """Tell whether the wall clock showed `time` twice or never, because clocks were set (PEP 495)."""
    first, second = (time.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second


def _utc_microseconds(time: datetime, zone: tzinfo) -> int:
    since = (time if time.tzinfo else time.replace(tzinfo=zone)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _cells(fact: type[BadCells], times: Cells, wrong: set[str], reason: str) -> BadCells:
    pairs = zip(times.rows, times.cells, strict=True)
    return fact.of([cell_at(times.column, row, reason) for row, text in pairs if text in wrong])
