"""What the flags of stored observations say: the warnings that `/predict` would draw of the rows as they were sent.

flagged: rows that have a value and a flag.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fcv_api.domain.encounter import HIGHEST, LONGEST_SHOWN, LOWEST, UnknownUnit
from fcv_api.domain.observations import (
    CONFLICTING,
    IMPLAUSIBLE,
    QUESTIONABLE,
    UNITS_BETWEEN,
    UNKNOWN_UNIT,
    figure_of,
)
from fcv_api.domain.stored import Conflict
from fcv_api.domain.vitals import INDEX_BY_CODE
from fcv_api.feed.window_rows import Row


def unknown_units(flagged: Sequence[Row]) -> tuple[UnknownUnit, ...]:
    """Return each sign's units that nobody knows, and since when each was sent."""
    first: dict[tuple[int, str], int] = {}
    for code, at, _channel, _name, _status, _sent_at, _value, units, flag, *_more in flagged:
        for unit in units.split(UNITS_BETWEEN) if UNKNOWN_UNIT in flag.split() else ():
            pair = INDEX_BY_CODE[code], unit[:LONGEST_SHOWN]
            first[pair] = min(first.get(pair, at), at)
    return tuple(UnknownUnit(*pair, np.datetime64(since, "us")) for pair, since in sorted(first.items()))


def conflicts(flagged: Sequence[Row]) -> tuple[Conflict, ...]:
    """Return the means of values that lay too far apart."""
    found = ((row, figure_of(row[8], CONFLICTING)) for row in flagged)
    return tuple(
        Conflict(INDEX_BY_CODE[row[0]], np.datetime64(row[1], "us"), apart) for row, apart in found if apart is not None
    )


def dropped(flagged: Sequence[Row]) -> list[tuple[int, int]]:
    """Return sign, by its index, and time of each value outside the hard limits that is not kept itself."""
    found = []
    for code, at, _channel, _name, _status, _sent_at, value, _unit, flag, *_more in flagged:
        if count := figure_of(flag, IMPLAUSIBLE):
            sign = INDEX_BY_CODE[code]
            is_kept = not LOWEST[sign] <= value <= HIGHEST[sign]
            found += [(sign, at)] * (int(count) - is_kept)
    return found


def questionable(flagged: Sequence[Row], used: Sequence[Row], after: int) -> tuple[int, ...]:
    """Return the sign, by its index, of each value that the monitor itself doubted: in a window, or filling its gaps.

    used: all rows, by sign and time: the newest of a sign fills gaps. after: the window's start, in microseconds.
    """
    newest = {row[0]: row[1] for row in used} if flagged else {}
    doubted = (row for row in flagged if QUESTIONABLE in row[8].split())
    return tuple(INDEX_BY_CODE[row[0]] for row in doubted if row[1] > after or row[1] == newest[row[0]])
