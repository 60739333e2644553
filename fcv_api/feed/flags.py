"""What the flags of stored observations say: the warnings that `/predict` would draw of the rows as they were sent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fcv_api.domain.encounter import HIGHEST, LONGEST_SHOWN, LOWEST, UnknownUnit
from fcv_api.domain.observations import (
    CONFLICTING,
    IMPLAUSIBLE,
    UNITS_BETWEEN,
    UNKNOWN_UNIT,
    Key,
    Statement,
    figure_of,
)
from fcv_api.domain.stored import Conflict
from fcv_api.domain.vitals import INDEX_BY_CODE

Held = Sequence[tuple[Key, Statement]]
"""Observations that have a value."""


def unknown_units(held: Held) -> tuple[UnknownUnit, ...]:
    """Return each sign's units that nobody knows, and since when each was sent."""
    first: dict[tuple[int, str], int] = {}
    for key, statement in held:
        if UNKNOWN_UNIT in statement.flag.split():
            for unit in statement.unit.split(UNITS_BETWEEN):
                pair = INDEX_BY_CODE[key.sign], unit[:LONGEST_SHOWN]
                first[pair] = min(first.get(pair, key.at), key.at)
    return tuple(UnknownUnit(*pair, np.datetime64(since, "us")) for pair, since in sorted(first.items()))


def conflicts(held: Held) -> tuple[Conflict, ...]:
    """Return the means of values that lay too far apart."""
    found = ((key, figure_of(statement.flag, CONFLICTING)) for key, statement in held if statement.flag)
    return tuple(
        Conflict(INDEX_BY_CODE[key.sign], np.datetime64(key.at, "us"), apart)
        for key, apart in found
        if apart is not None
    )


def dropped(held: Held) -> list[tuple[int, int]]:
    """Return sign, by its index, and time of each value outside the hard limits that is not kept itself."""
    found = []
    for key, statement in held:
        if count := figure_of(statement.flag, IMPLAUSIBLE) if statement.flag else None:
            sign = INDEX_BY_CODE[key.sign]
            is_kept = statement.value is not None and not LOWEST[sign] <= statement.value <= HIGHEST[sign]
            found += [(sign, key.at)] * (int(count) - is_kept)
    return found
