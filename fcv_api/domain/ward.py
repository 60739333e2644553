"""What a ward's page shows of a bed, and above all what it does not. All times are in microseconds, UTC.

A number is the share of the model's answer that one of the three dangers has. It stands only where somebody may act on
it: `shown_score` is the one place that decides so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.prediction import State
from fcv_api.domain.stays import MINUTE
from fcv_api.domain.words import ScoreWarning

CRITICAL_CODES = frozenset({"critical_value", "asystole", "no_pulse"})
PATIENT_CODES = CRITICAL_CODES | {
    *("level", "trend", "several_signs", "past_danger", "unusual_value", "not_adult", "rate_mismatch", "flat_line"),
    *("stale", "conflicting_values"),
}
OF_THE_SCORE = frozenset({"undecided", "unvalidated_model"})
"""They speak of the score alone: where there is none on the page, they are none of its warnings."""
FORBID_A_NUMBER = ("unvalidated_model", "stale")
CONFLICT, OVERDUE, AHEAD, CORRECTED, WAITS = "identity-conflict", "overdue", "ahead", "corrected", "not-scored-yet"
SHOWN = 15 * MINUTE
"""A last score that is older leaves the page."""
LARGEST_SHARE = 99
"""Percent: what rounds to 100 is no certainty."""
Model = tuple[str, str, str]
"""Its name, version and sha256."""


class Level(IntEnum):
    """How loud a bed is, the loudest first: the order of the strip. DATA: warnings that speak of the data alone."""

    CRITICAL = 0
    CONFLICT = 1
    UNSCORED = 2
    WARNING = 3
    DATA = 4
    RISK = 5
    QUIET = 6


class Condition(StrEnum):
    """Of a bed: the statuses of `GET /beds`, and a bed of the ward's file of which nothing is known."""

    SCORED = "scored"
    NOT_SCORED = "not_scored"
    SILENT = "silent"
    NO_PATIENT = "no_patient"
    CLOSED = "closed"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record says. at: the end of what was scored; of a refusal, when it was refused. problem: of a refusal."""

    id: str
    at: int
    problem: str | None = None
    state: State | None = None
    probabilities: Mapping[State, float] | None = None
    warnings: tuple[ScoreWarning, ...] = ()
    model: Model | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Of its warnings."""
        return frozenset(each.code for each in self.warnings)


@dataclass(frozen=True, slots=True)
class Shows:
    """What a page may show. scores: not warnings alone. attested: the model that serves, where a report proves it."""

    scores: bool = False
    attested: Model | None = None


class Line(StrEnum):
    """What the score's line says. The last three: why there is no score to show."""

    NO_WARNING = "no_warning"
    WARNED = "warned"
    NO_ALERT = "no_alert"
    NONE_OF_THESE = "none_of_these"
    RISK = "risk"
    UNVALIDATED = "unvalidated"
    STALE = "stale"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Score:
    """The score's line. state, percent: of a risk, and of nothing else."""

    line: Line
    state: State | None = None
    percent: int | None = None


def shown_score(outcome: Outcome | None, shows: Shows) -> Score:
    """Return what is said of a record's score: a number only of one of the three, by an attested model, of now."""
    if outcome is None or outcome.problem is not None or outcome.state is None:
        return Score(Line.NOTHING)
    warned = bool(outcome.codes - OF_THE_SCORE)
    if not shows.scores:
        return Score(Line.WARNED if warned else Line.NO_WARNING)
    if "stale" in outcome.codes:
        return Score(Line.STALE)
    if outcome.codes & {*FORBID_A_NUMBER} or shows.attested is None or outcome.model != shows.attested:
        return Score(Line.UNVALIDATED)
    if outcome.state is State.NONE_OF_THESE or outcome.probabilities is None:
        return Score(Line.NONE_OF_THESE if warned else Line.NO_ALERT)
    return Score(Line.RISK, outcome.state, percent_of(outcome.probabilities[outcome.state]))


def percent_of(probability: float) -> int:
    """Return a probability in percent, and never a certainty."""
    return max(1, min(LARGEST_SHARE, round(probability * 100)))


def shown_warnings(outcome: Outcome, score: Score) -> tuple[ScoreWarning, ...]:
    """Return the warnings that a bed's page says: those of a score only beside it. The gravest first."""
    said = [each for each in outcome.warnings if each.code not in OF_THE_SCORE or score.line is Line.RISK]
    return tuple(sorted(said, key=_gravity))


def _gravity(warning: ScoreWarning) -> int:
    return 0 if warning.code in CRITICAL_CODES else 1 if warning.code in PATIENT_CODES else 2


def level_of_codes(codes: frozenset[str]) -> Level:
    """Return how loud warnings are."""
    if codes & CRITICAL_CODES:
        return Level.CRITICAL
    if codes & PATIENT_CODES:
        return Level.WARNING
    return Level.DATA if codes - OF_THE_SCORE else Level.QUIET


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


def standing_of(outcome: Outcome, now: int, scored_at: int | None) -> Standing:
    """Return how an encounter stands that has nothing but records. outcome: its last one.

    scored_at: when it was scored last, before a refusal; None where that is not known.
    """
    if outcome.problem is not None:
        since = outcome.at if scored_at is None else scored_at
        return Standing(Condition.NOT_SCORED, since, outcome.problem)
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
