"""Cut what a window is made of from the store: one name and one channel of each sign, with where each value came by.

A window of a row a minute is made of 1,300 observations: they go through as the driver's rows and as columns, not as
objects. With an object for each, a turn took four times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.channels import Observed, chosen
from fcv_api.domain.encounter import LONGEST_SHOWN, Encounter, UnknownUnit
from fcv_api.domain.observations import STATIC_CODES, UNKNOWN_UNIT, Key, Statement, with_those_of_no_channel
from fcv_api.domain.slots import step_of
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import read_rows

Row = tuple[Any, ...]
"""sign, at, channel, name, status, sent_at, value, unit, flag, received_at."""
UP_TO = """SELECT sign, at, channel, name, status, sent_at, value, unit, flag, received_at FROM observations
    WHERE encounter = ? AND at <= ? ORDER BY sign, at, source, channel, name"""
"""In the order of the primary key, so that nothing is sorted: a stay has one source."""
CODES = np.array(sorted(INDEX_BY_CODE), dtype=np.int64)
PLACES = np.array([INDEX_BY_CODE[code] for code in sorted(INDEX_BY_CODE)], dtype=np.intp)
STATIC = np.array([sign.code in STATIC_CODES for sign in SIGNS])


@dataclass(frozen=True, slots=True)
class Cut:
    """What a window reads. after: its start. rows: the n observations that it uses, by sign and time.

    signs, times: of those, (n,): index into `vitals.SIGNS`, and microseconds. moving_at: the newest of a moving sign; 0
    for none. Times are in microseconds.
    """

    encounter: Encounter
    after: int
    rows: Sequence[Row]
    signs: NDArray[np.intp]
    times: NDArray[np.int64]
    moving_at: int

    @property
    def used(self) -> list[tuple[Key, Statement, int]]:
        """Each observation that is used, with when it was received."""
        return [(Key(*row[:4]), Statement(*row[4:9]), int(row[9])) for row in self.rows]


def cut(cursor: Any, encounter: int, end: int, spec: WindowSpec) -> Cut:  # noqa: ANN401 - a driver's cursor
    """Return what the window that ends with a slot is cut from. end: the slot's, in microseconds."""
    return cut_of(read_rows(cursor, UP_TO, encounter, end), encounter, end, spec)


def cut_of(rows: Sequence[Row], encounter: int, end: int, spec: WindowSpec) -> Cut:
    """Return the same of a stay's rows, by sign and time. They are no later than the slot's end."""
    step = step_of(spec)
    after = np.datetime64(end, "us") - step * spec.instants
    newest = np.datetime64(max(row[1] for row in rows), "us") if rows else None
    held = [row for row in _holding(rows) if row[6] is not None]
    observed = _observed(held)
    mask = chosen(observed, after, step)
    used = held if mask.all() else [row for row, is_read in zip(held, mask.tolist(), strict=True) if is_read]
    signs, values, instants = observed.signs[mask], observed.values[mask], observed.instants[mask]
    own = Encounter(encounter, signs, values, instants, None, newest, _unknown_units(used)).without_noise()
    times = instants.view(np.int64)
    moving_at = int(times[~STATIC[signs]].max(initial=0))
    return Cut(own, int(after.astype(np.int64)), used, signs, times, moving_at)


def _holding(rows: Sequence[Row]) -> Sequence[Row]:
    """Return what holds when those without a channel are compared with every channel of their name."""
    if "" not in (channels := {row[2] for row in rows}) or len(channels) == 1:
        return rows
    said = {Key(*row[:4]): Statement(*row[4:9]) for row in rows}
    received = {Key(*row[:4]): row[9] for row in rows}
    return [
        (*key, *statement, received[key if said[key] == statement else key._replace(channel="")])
        for key, statement in with_those_of_no_channel(said).items()
    ]


def _observed(held: Sequence[Row]) -> Observed:
    signs = PLACES[np.searchsorted(CODES, np.array([row[0] for row in held], dtype=np.int64))]
    instants = np.array([row[1] for row in held], dtype=np.int64).view("datetime64[us]")
    values = np.array([row[6] for row in held], dtype=np.float64)
    return Observed(signs, values, instants, [(row[3], row[2]) for row in held])


def _unknown_units(used: Sequence[Row]) -> tuple[UnknownUnit, ...]:
    """Return each sign's units that nobody knows, and since when each was sent."""
    first: dict[tuple[int, str], int] = {}
    if not any(row[8] for row in used):
        return ()
    for sign, at, *_key, unit, flag, _received in used:
        if flag and UNKNOWN_UNIT in flag.split():
            pair = INDEX_BY_CODE[sign], unit[:LONGEST_SHOWN]
            first[pair] = min(first.get(pair, at), at)
    return tuple(UnknownUnit(*pair, np.datetime64(since, "us")) for pair, since in sorted(first.items()))
