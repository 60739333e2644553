"""Cut what a window is made of from the store: one name and one channel of each sign, with where each value came by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fcv_api.domain.channels import Observed, chosen
from fcv_api.domain.encounter import LONGEST_SHOWN, Encounter, UnknownUnit
from fcv_api.domain.observations import QUESTIONABLE, UNKNOWN_UNIT, Key, Statement, with_those_of_no_channel
from fcv_api.domain.slots import step_of
from fcv_api.domain.vitals import INDEX_BY_CODE
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import run

UP_TO = """SELECT sign, at, channel, name, status, sent_at, value, unit, flag, received_at FROM observations
    WHERE encounter = ? AND at <= ? ORDER BY sign, at, channel, name"""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a window reads. after: its start, in microseconds. used: each observation, with when it was received."""

    encounter: Encounter
    after: int
    used: Sequence[tuple[Key, Statement, int]]


def cut(cursor: Any, encounter: int, end: int, spec: WindowSpec) -> Cut:  # noqa: ANN401 - a driver's cursor
    """Return what the window that ends with a slot is cut from. end: the slot's, in microseconds."""
    rows = run(cursor, UP_TO, encounter, end).fetchall()
    said = {Key(*row[:4]): Statement(*row[4:9]) for row in rows}
    received = {Key(*row[:4]): int(row[9]) for row in rows}
    holding = with_those_of_no_channel(said)
    held = [(key, statement) for key, statement in holding.items() if statement.value is not None]
    step = step_of(spec)
    after = np.datetime64(end, "us") - step * spec.instants
    mask = chosen(_observed(held), after, step)
    used = [
        (key, statement, received[key if said[key] == statement else key._replace(channel="")])
        for (key, statement), is_read in zip(held, mask.tolist(), strict=True)
        if is_read
    ]
    newest = np.datetime64(max(key.at for key in said), "us") if said else None
    read = [(key, statement) for key, statement, _at in used]
    begin = int(after.astype(np.int64))
    own = replace(_encounter(encounter, read, newest), questionable=_questionable(read, begin))
    return Cut(own, begin, used)


def _observed(held: Sequence[tuple[Key, Statement]]) -> Observed:
    signs, values, instants = _arrays(held)
    return Observed(signs, values, instants, [(key.name, key.channel) for key, _statement in held])


def _arrays(held: Sequence[tuple[Key, Statement]]) -> tuple[Any, Any, Any]:
    signs = np.array([INDEX_BY_CODE[key.sign] for key, _statement in held], dtype=np.intp)
    values = np.array([statement.value for _key, statement in held], dtype=np.float64)
    instants = np.array([key.at for key, _statement in held], dtype=np.int64).view("datetime64[us]")
    return signs, values, instants


def _encounter(number: int, held: Sequence[tuple[Key, Statement]], newest: np.datetime64 | None) -> Encounter:
    signs, values, instants = _arrays(held)
    return Encounter(number, signs, values, instants, None, newest, _unknown_units(dict(held))).without_noise()


def _questionable(held: Sequence[tuple[Key, Statement]], after: int) -> tuple[int, ...]:
    """Return the signs of the values that a monitor doubted: those in the window, and the newest, which fills gaps."""
    newest = {key.sign: key.at for key, _statement in sorted(held)}
    return tuple(
        INDEX_BY_CODE[key.sign]
        for key, statement in held
        if QUESTIONABLE in statement.flag.split() and (key.at > after or key.at == newest[key.sign])
    )


def _unknown_units(held: Mapping[Key, Statement]) -> tuple[UnknownUnit, ...]:
    """Return each sign's units that nobody knows, and since when each was sent."""
    first: dict[tuple[int, str], int] = {}
    for key, statement in held.items():
        if UNKNOWN_UNIT in statement.flag.split():
            pair = INDEX_BY_CODE[key.sign], statement.unit[:LONGEST_SHOWN]
            first[pair] = min(first.get(pair, key.at), key.at)
    return tuple(UnknownUnit(*pair, np.datetime64(since, "us")) for pair, since in sorted(first.items()))
