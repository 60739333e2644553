"""The line of the last six hours on a tile: what was scored and warned of in each slot. A gap stays a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from fcv_api.domain.stays import SLOT
from fcv_api.domain.ward_score import Level, Outcome, Shows, level_of_codes, shown_score
from fcv_api.domain.ward_score import Line as ScoreLine

SLOTS = 72
"""Six hours of five minutes."""


class Point(NamedTuple):
    """A record on the line. at: in microseconds. level: QUIET for no warning. risk: of the three together, if shown."""

    at: int
    level: Level
    scored: bool
    risk: float | None = None


def point_of(outcome: Outcome, shows: Shows) -> Point:
    """Return a record's point. A risk is drawn only where its number might stand, or where it is none of the three."""
    if outcome.problem is not None:
        return Point(outcome.at, Level.QUIET, scored=False)
    line = shown_score(outcome, shows).line
    shown = line in (ScoreLine.RISK, ScoreLine.NO_ALERT, ScoreLine.NONE_OF_THESE)
    risk = None
    if shown and outcome.probabilities is not None:
        risk = sum(share for state, share in outcome.probabilities.items() if state.value != "none_of_these")
    return Point(outcome.at, level_of_codes(outcome.codes), scored=True, risk=risk)


@dataclass(frozen=True, slots=True)
class SixHours:
    """Slots by their number, 0 the oldest and 71 the one of now.

    scored: runs of slots one after the other, as first and last. warned: slots, each with its level. risks: runs of
    slots with their risk, 0 to 1.
    """

    scored: tuple[tuple[int, int], ...]
    warned: tuple[tuple[int, Level], ...]
    risks: tuple[tuple[tuple[int, float], ...], ...] = ()

    @property
    def count(self) -> int:
        """How many slots were scored."""
        return sum(last - first + 1 for first, last in self.scored)

    def warned_at(self, *levels: Level) -> int:
        """Count the slots with a warning of some levels."""
        return sum(level in levels for _slot, level in self.warned)


def six_hours(points: Iterable[Point], now: int) -> SixHours:
    """Return the line of some points up to now. Of several in a slot the loudest level holds, and the last risk."""
    last = -(-now // SLOT)
    slots: dict[int, Point] = {}
    for point in sorted(points):
        place = SLOTS - 1 - (last - -(-point.at // SLOT))
        if 0 <= place < SLOTS and point.scored:
            before = slots.get(place)
            louder = min(point.level, before.level) if before else point.level
            slots[place] = point._replace(level=louder)
    warned = tuple((place, each.level) for place, each in sorted(slots.items()) if each.level is not Level.QUIET)
    risks = {place: each.risk for place, each in slots.items() if each.risk is not None}
    drawn = tuple(tuple((place, risks[place]) for place in run) for run in runs_of(sorted(risks)))
    return SixHours(tuple((run[0], run[-1]) for run in runs_of(sorted(slots))), warned, drawn)


def runs_of(places: Sequence[int]) -> list[list[int]]:
    """Return numbers as runs without a gap. places: ascending, each once."""
    if not places:
        return []
    runs = [[places[0]]]
    for before, place in pairwise(places):
        if place == before + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
