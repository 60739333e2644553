"""Cut what a window is made of from the store: one name and one channel of each sign, with where each value came by.

A window of a row a minute is made of 1,300 observations: they go through as the driver's rows and as columns, not as
objects. With an object for each, a turn took four times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.channels import Observed, chosen
from fcv_api.domain.encounter import HIGHEST, LOWEST, Encounter
from fcv_api.domain.observations import STATIC_CODES, Key, Statement, with_those_of_no_channel
from fcv_api.domain.slots import slot_ends, step_of
from fcv_api.domain.stays import MINUTE, SILENT_AFTER
from fcv_api.domain.stored import Channel, Source, Stored
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import flags
from fcv_api.feed.window_rows import Row, read_rows_of

CODES = np.array(sorted(INDEX_BY_CODE), dtype=np.int64)
PLACES = np.array([INDEX_BY_CODE[code] for code in sorted(INDEX_BY_CODE)], dtype=np.intp)
STATIC = np.array([sign.code in STATIC_CODES for sign in SIGNS])
NOT_CARRIED = [at for at, sign in enumerate(SIGNS) if not sign.static and not sign.carried]


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
    """Return what the window that ends with a slot is cut from. end: the slot's, in microseconds.

    Rows from before the window are read only where there is a gap that they may fill, and older ones than a window can
    use only where they may decide why there is none.
    """
    reach = _reach(spec)
    found = cut_of(read_rows_of(cursor, encounter, end, (reach, _length(spec))), encounter, end, spec)
    if _has_no_gap(found, spec):
        return found
    rows = read_rows_of(cursor, encounter, end, (reach, reach))
    found = cut_of(rows, encounter, end, spec)
    if _is_whole(found, end, spec):
        return found
    older = read_rows_of(cursor, encounter, end, None)
    return found if len(older) == len(rows) else cut_of(older, encounter, end, spec)


def _length(spec: WindowSpec) -> int:
    """Return how long a window's slots are together, in microseconds."""
    return round(spec.instants * spec.step_minutes * MINUTE)


def _has_no_gap(found: Cut, spec: WindowSpec) -> bool:
    """Return whether each sign that is not carried was measured in the first slot, and anything in each of the others.

    What came before can then fill nothing. A bed that sends every minute is so: half as many rows are read for it.
    """
    sent, step = found.encounter, step_of(spec)
    inside = sent.instants > np.datetime64(found.after, "us")
    slots = slot_ends(sent.instants[inside], step)
    first = sent.signs[inside][slots == np.datetime64(found.after, "us") + step]
    return len(np.unique(slots)) == spec.instants and bool(np.isin(NOT_CARRIED, first).all())


def _reach(spec: WindowSpec) -> int:
    """Return how long before a slot's end, in microseconds, a window may begin that is not refused as too long.

    It ends at most 10 minutes before, for a stay that is silent for longer is not scored.
    """
    return round((2 * spec.span_minutes + spec.step_minutes) * MINUTE) + SILENT_AFTER


def _is_whole(found: Cut, end: int, spec: WindowSpec) -> bool:
    """Return whether older rows would change nothing: all slots of a window are there, and the last one is near."""
    instants = found.encounter.instants
    near = instants[instants > np.datetime64(end - _reach(spec), "us")]
    if not len(near) or near.max() < np.datetime64(end - SILENT_AFTER, "us"):
        return False
    return len(np.unique(slot_ends(near, step_of(spec)))) >= spec.instants


def cut_of(rows: Sequence[Row], encounter: int, end: int, spec: WindowSpec) -> Cut:
    """Return the same of a stay's rows, by sign and time. They are no later than the slot's end."""
    step = step_of(spec)
    after = np.datetime64(end, "us") - step * spec.instants
    held = [row for row in _holding(rows) if row[6] is not None]
    observed = _observed(held)
    mask = chosen(observed, after, step)
    used = held if mask.all() else [row for row, is_read in zip(held, mask.tolist(), strict=True) if is_read]
    others = [] if mask.all() else [row for row, is_read in zip(held, mask.tolist(), strict=True) if not is_read]
    signs, times = observed.signs[mask], observed.instants[mask].view(np.int64)
    newest = np.datetime64(max(row[1] for row in rows), "us") if rows else None
    flagged = [row for row in used if row[8]]
    stored = Stored(_sources(used, signs), _beside(others), flags.conflicts(flagged))
    own = _with_dropped(observed, mask, flags.dropped(flagged))
    begin = int(after.astype(np.int64))
    unknown, doubted = flags.unknown_units(flagged), flags.questionable(flagged, used, begin)
    whole = Encounter(encounter, *own, None, newest, unknown, stored=stored, questionable=doubted).without_noise()
    moving_at = int(times[~STATIC[signs]].max(initial=0))
    return Cut(whole, begin, used, signs, times, moving_at)


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


def _with_dropped(observed: Observed, mask: NDArray[np.bool_], out: Sequence[tuple[int, int]]) -> tuple[Any, Any, Any]:
    """Return signs, values and instants as they were sent: what a mean left out is there to be dropped once more."""
    signs, values, instants = observed.signs[mask], observed.values[mask], observed.instants[mask]
    if not out:
        return signs, values, instants
    times = np.array([at for _sign, at in out], dtype=np.int64).view("datetime64[us]")
    signs = np.append(signs, [sign for sign, _at in out])
    return signs, np.append(values, [inf] * len(out)), np.append(instants, times)


def _sources(used: Sequence[Row], signs: NDArray[np.intp]) -> dict[int, Source]:
    """Return by which source a window reads each sign, of those that name a channel or another name than the sign's."""
    found, first = np.unique(signs, return_index=True)
    sources = {sign: Source(*used[at][3:1:-1]) for sign, at in zip(found.tolist(), first.tolist(), strict=True)}
    return {sign: each for sign, each in sources.items() if each.channel or each.name != SIGNS[sign].name}


def _beside(others: Sequence[Row]) -> tuple[Channel, ...]:
    """Return the other channels of moving signs, without values outside the hard limits."""
    found: defaultdict[tuple[int, Source], list[tuple[int, float]]] = defaultdict(list)
    for code, at, channel, name, _status, _sent_at, value, *_more in others:  # by time within a sign
        sign = INDEX_BY_CODE[code]
        if code not in STATIC_CODES and LOWEST[sign] <= value <= HIGHEST[sign]:
            found[sign, Source(name, channel)].append((at, value))
    return tuple(
        Channel(
            sign,
            source,
            np.array([at for at, _value in rows], "datetime64[us]"),
            np.array([value for _at, value in rows]),
        )
        for (sign, source), rows in sorted(found.items())
    )
