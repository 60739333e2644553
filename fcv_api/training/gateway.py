"""How a bed's readings reach the service: a post a minute, and what goes wrong on the way. Pure, and by seed.

The same schedule serves tests, a demonstration and whoever integrates a sender: it knows no network and no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.observations import CORRECTION, FINAL, Key, Observation, Posted
from fcv_api.domain.vitals import SIGNS
from fcv_api.training.bedside import MINUTE, SECOND, Readings, readings_of
from fcv_api.training.simulate import Stay

LATEST, LAST_REPETITION, LAST_CORRECTION = 15, 5, 10
"""Minutes after which all that is late, repeated or corrected has come."""
AFTERWARDS = LATEST + LAST_REPETITION
"""Minutes after a play's end in which posts may still come."""
PLAYED = 2
"""Sets the random numbers of a play apart from those of a stay and of its artefacts."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, each as a share from 0 to 1: of rows, and `swapped` of posts.

    late: comes up to 15 minutes later. lost: never comes. repeated: comes again. corrected: comes with a wrong value
    first, and as a correction up to 10 minutes later. swapped: a post comes after the next one.
    """

    late: float = 0.0
    lost: float = 0.0
    repeated: float = 0.0
    corrected: float = 0.0
    swapped: float = 0.0


@dataclass(frozen=True, slots=True)
class Play:
    """What is played. start: in microseconds, UTC. channel: the monitors'. beds: how their names begin."""

    start: int
    minutes: int
    seed: int = 1
    faults: Faults = Faults()
    channel: str = ""
    beds: str = "SIM-"


class Post(NamedTuple):
    """What a bed's gateway sends at once. at: when it is sent, in microseconds, UTC."""

    at: int
    posted: Posted


def ward(stays: Iterable[Stay], play: Play) -> Iterator[Post]:
    """Return the posts of many beds by time, a stay a bed. Within a minute each has a second of its own."""
    return merge(*(schedule(stay, play, number) for number, stay in enumerate(stays)), key=attrgetter("at"))


def schedule(stay: Stay, play: Play, number: int = 0) -> Iterator[Post]:
    """Return a bed's posts by time, none of them empty. number: of the bed, from 0.

    No observation lies after the post that brings it. Which faults are drawn changes nothing of what is measured, and
    the faults of one kind are the same whatever the shares of the others are.
    """
    dice = np.random.default_rng([play.seed, number, PLAYED])
    readings = readings_of(stay, play.start, play.minutes, dice)
    rows = _on_the_way(readings, play, dice)
    shift = MINUTE + number % 60 * SECOND  # each minute's rows come when it is over
    delays = np.where(dice.random(play.minutes + AFTERWARDS) < play.faults.swapped, MINUTE + SECOND, 0)
    times = play.start + np.arange(len(delays)) * MINUTE + shift + delays
    source = play.channel, f"{play.beds}{number + 1:02d}"
    for index, own in sorted(_by_post(rows), key=lambda each: int(times[each[0]])):
        said = [_observation(readings, rows, row, source) for row in own]
        yield Post(int(times[index]), Posted(stay.id, said))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """What is sent, (k,) each. post: in which one. reading: of which one. values, status: as sent."""

    post: NDArray[np.int64]
    reading: NDArray[np.intp]
    values: NDArray[np.float64]
    status: NDArray[np.str_]


def _on_the_way(readings: Readings, play: Play, dice: np.random.Generator) -> _Rows:
    """Draw what happens to each reading, and return what is sent."""
    count, faults = len(readings.at), play.faults
    late, lost, repeated, corrected = dice.random((4, count))
    by, again, mended = (dice.integers(1, most + 1, count) for most in (LATEST, LAST_REPETITION, LAST_CORRECTION))
    own = (readings.at - play.start) // MINUTE
    first = own + np.where(late < faults.late, by, 0)
    is_sent, is_wrong = lost >= faults.lost, corrected < faults.corrected
    said = np.where(is_wrong, _wrong(readings.values), readings.values)
    return _together(
        _chosen(is_sent, first, said, FINAL),
        _chosen(is_sent & (repeated < faults.repeated), first + again, said, FINAL),
        _chosen(is_wrong, own + mended, readings.values, CORRECTION),
    )


def _chosen(which: NDArray[np.bool_], post: NDArray[np.int64], values: NDArray[np.float64], status: str) -> _Rows:
    """Return some readings as rows of one status. which, post, values: (n,), of all readings."""
    at = np.flatnonzero(which)
    return _Rows(post[at], at, values[at], np.full(len(at), status))


def _together(*parts: _Rows) -> _Rows:
    return _Rows(
        np.concatenate([each.post for each in parts]),
        np.concatenate([each.reading for each in parts]),
        np.concatenate([each.values for each in parts]),
        np.concatenate([each.status for each in parts]),
    )


def _wrong(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return other values, one unit beside the right ones and never below 0."""
    return np.round(values + np.where(values >= 1, -1.0, 1.0), 2)


def _by_post(rows: _Rows) -> Iterator[tuple[int, list[int]]]:
    """Return the rows of each post, by the time of measurement."""
    order = np.lexsort((rows.reading, rows.post))
    for index, own in groupby(order.tolist(), key=rows.post.__getitem__):
        yield int(index), list(own)


def _observation(readings: Readings, rows: _Rows, row: int, source: tuple[str, str]) -> Observation:
    """Return one row as it is sent. source: its channel and bed."""
    channel, bed = source
    reading = rows.reading[row]
    sign = SIGNS[readings.signs[reading]]
    key = Key(sign.code, int(readings.at[reading]), channel, sign.name)
    return Observation(key, str(rows.status[row]), float(rows.values[row]), sign.unit.name, "", bed)
