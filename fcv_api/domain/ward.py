"""How beds stand on a ward's page, and which of them somebody must look at first. Times are in microseconds, UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.stays import MINUTE
from fcv_api.domain.ward_score import (
    Level,
    Line,
    Outcome,
    Score,
    Shows,
    level_of_codes,
    shown_score,
    shown_warnings,
)
from fcv_api.domain.words import ScoreWarning

CONFLICT, OVERDUE, AHEAD, CORRECTED, WAITS = "identity-conflict", "overdue", "ahead", "corrected", "not-scored-yet"
SHOWN = 15 * MINUTE
"""A last score that is older leaves the page."""


class Condition(StrEnum):
    """Of a bed: the statuses of `GET /beds`, and a bed of the ward's file of which nothing is known."""

    SCORED = "scored"
    NOT_SCORED = "not_scored"
    SILENT = "silent"
    NO_PATIENT = "no_patient"
    CLOSED = "closed"
    EMPTY = "empty"


def is_of_now(at: int, now: int) -> bool:
    """Return whether a score is one of now: at most 15 minutes old, and not ahead of the clock."""
    return -FUTURE <= now - at <= SHOWN


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bed stands, since when, and why it is not scored. outcome: the last record, where it holds still."""

    condition: Condition
    since: int
    reason: str | None = None
    outcome: Outcome | None = None

    @property
    def is_unscored(self) -> bool:
        """Whether somebody must know that nobody looks at this bed."""
        return self.condition in (Condition.NOT_SCORED, Condition.SILENT, Condition.NO_PATIENT)


def standing_of(outcome: Outcome, now: int, since: int | None) -> Standing:
    """Return how an encounter stands that has nothing but records. outcome: its last one.

    since: since when a refused one was not scored; None where that is not known.
    """
    if outcome.problem is not None:
        return Standing(Condition.NOT_SCORED, outcome.at if since is None else since, outcome.problem)
    if is_of_now(outcome.at, now):
        return Standing(Condition.SCORED, outcome.at, None, outcome)
    return Standing(Condition.NOT_SCORED, outcome.at, AHEAD if outcome.at > now else OVERDUE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tile stands, and whose it is. key: its name within the page. encounter: None where nobody is named.

    record: of its last record, which is what somebody marks as seen; None for none.
    """

    key: str
    label: str
    encounter: int | None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """A bed on the ward's page. minutes: how old what it shows is."""

    place: Place
    standing: Standing
    score: Score
    warnings: tuple[ScoreWarning, ...]
    minutes: int

    @property
    def level(self) -> Level:
        """How loud it is."""
        if self.standing.reason == CONFLICT:
            return Level.CONFLICT
        if self.standing.is_unscored:
            return Level.UNSCORED
        loudest = level_of_codes(frozenset(each.code for each in self.warnings))
        return Level.RISK if loudest is Level.QUIET and self.score.line is Line.RISK else loudest


def tile_of(place: Place, standing: Standing, shows: Shows, now: int) -> Tile:
    """Return a bed's tile. Whatever is not scored now shows neither score nor warning of another time."""
    scored = standing.condition is Condition.SCORED and standing.reason is None
    outcome = standing.outcome if scored and standing.outcome and is_of_now(standing.outcome.at, now) else None
    if scored and outcome is None:
        standing = Standing(Condition.NOT_SCORED, standing.since, OVERDUE)
    score = shown_score(outcome, shows)
    warnings = shown_warnings(outcome, score) if outcome else ()
    minutes = max(0, (now - standing.since) // MINUTE)
    return Tile(place, standing, score, warnings, minutes)


def strip_of(tiles: Sequence[Tile]) -> list[Tile]:
    """Return what the strip names, the gravest first; of equals, as they stand on the page."""
    return sorted((each for each in tiles if each.level is not Level.QUIET), key=lambda each: each.level)
