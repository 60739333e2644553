"""Cut what a window is made of from the store: one name and one channel of each sign, with where each value came by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from fcv_api.domain.channels import Observed, chosen
from fcv_api.domain.encounter import HIGHEST, LOWEST, Encounter
from fcv_api.domain.observations import STATIC_CODES, Key, Statement, with_those_of_no_channel
from fcv_api.domain.slots import slot_ends, step_of
from fcv_api.domain.stays import MINUTE, SILENT_AFTER
from fcv_api.domain.stored import Channel, Source, Stored
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import run
from fcv_api.feed import flags
from fcv_api.feed.flags import Held

SELECT = "SELECT sign, at, channel, name, status, sent_at, value, unit, flag, received_at FROM observations"
WITHIN = f"{SELECT} WHERE encounter = ? AND sign = ? AND at > ? AND at <= ?"
READ = f"{' UNION ALL '.join([WITHIN] * len(SIGNS))} ORDER BY sign, at, channel, name"
ALL = -(2**62)
"""Before all times."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a window reads. after: its start, in microseconds. used: each observation, with when it was received."""

    encounter: Encounter
    after: int
    used: Sequence[tuple[Key, Statement, int]]


def cut(cursor: Any, encounter: int, end: int, spec: WindowSpec) -> Cut:  # noqa: ANN401 - a driver's cursor
    """Return what the window that ends with a slot is cut from. end: the slot's, in microseconds.

    Older rows than a window can use are read only where they may decide why there is none.
    """
    reach = _reach(spec)
    rows = _read(cursor, encounter, end, reach)
    found = _cut(rows, encounter, end, spec)
    if _is_whole(found, end, spec):
        return found
    older = _read(cursor, encounter, end, None)
    return found if len(older) == len(rows) else _cut(older, encounter, end, spec)


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


def _read(cursor: Any, encounter: int, end: int, reach: int | None) -> list[Any]:  # noqa: ANN401
    """Read observations up to a slot's end: of `reach`, and of what is carried before it; static signs however old."""
    values: list[int] = []
    for sign in SIGNS:
        after = ALL if sign.static or reach is None else end - reach - round(sign.carried.total_seconds() * 1e6)
        values += [encounter, sign.code, after, end]
    found: list[Any] = run(cursor, READ, *values).fetchall()
    return found


def _cut(rows: Sequence[Any], encounter: int, end: int, spec: WindowSpec) -> Cut:
    said = {Key(*row[:4]): Statement(*row[4:9]) for row in rows}
    received = {Key(*row[:4]): int(row[9]) for row in rows}
    holding = with_those_of_no_channel(said)
    held = [(key, statement) for key, statement in holding.items() if statement.value is not None]
    step = step_of(spec)
    after = np.datetime64(end, "us") - step * spec.instants
    mask = chosen(_observed(held), after, step).tolist()
    read = [each for each, is_read in zip(held, mask, strict=True) if is_read]
    others = [each for each, is_read in zip(held, mask, strict=True) if not is_read]
    used = [
        (key, statement, received[key if said[key] == statement else key._replace(channel="")])
        for key, statement in read
    ]
    own = _encounter(encounter, read, max((key.at for key in said), default=None))
    return Cut(replace(own, stored=_stored(read, others)), int(after.astype(np.int64)), used)


def _observed(held: Held) -> Observed:
    signs, values, instants = _arrays(held)
    return Observed(signs, values, instants, [(key.name, key.channel) for key, _statement in held])


def _arrays(held: Held) -> tuple[Any, Any, Any]:
    signs = np.array([INDEX_BY_CODE[key.sign] for key, _statement in held], dtype=np.intp)
    values = np.array([statement.value for _key, statement in held], dtype=np.float64)
    instants = np.array([key.at for key, _statement in held], dtype=np.int64).view("datetime64[us]")
    return signs, values, instants


def _encounter(number: int, held: Held, newest: int | None) -> Encounter:
    """Return an encounter of the rows as they were sent: those whose values a mean left out are dropped once more."""
    signs, values, instants = _arrays(held)
    if out := flags.dropped(held):
        signs = np.append(signs, [sign for sign, _at in out])
        values = np.append(values, [inf] * len(out))
        instants = np.append(instants, np.array([at for _sign, at in out], dtype=np.int64).view("datetime64[us]"))
    last = None if newest is None else np.datetime64(newest, "us")
    return Encounter(number, signs, values, instants, None, last, flags.unknown_units(held)).without_noise()


def _stored(read: Held, others: Held) -> Stored:
    """Return what the store knows besides: by which channel each sign is read, and what the others say."""
    sources = {INDEX_BY_CODE[key.sign]: Source(key.name, key.channel) for key, _statement in read}
    named = {sign: each for sign, each in sources.items() if each.channel or each.name != SIGNS[sign].name}
    return Stored(named, _beside(others), flags.conflicts(read))


def _beside(others: Held) -> tuple[Channel, ...]:
    """Return the other channels of moving signs, without values outside the hard limits."""
    found: defaultdict[tuple[int, Source], list[tuple[int, float]]] = defaultdict(list)
    for key, statement in others:  # by time within a sign
        sign, value = INDEX_BY_CODE[key.sign], statement.value
        if value is not None and key.sign not in STATIC_CODES and LOWEST[sign] <= value <= HIGHEST[sign]:
            found[sign, Source(key.name, key.channel)].append((key.at, value))
    return tuple(
        Channel(
            sign,
            source,
            np.array([at for at, _value in rows], "datetime64[us]"),
            np.array([value for _at, value in rows]),
        )
        for (sign, source), rows in sorted(found.items())
    )
