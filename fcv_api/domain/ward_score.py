"""What a ward's page says of a score, and above all what it does not. All times are in microseconds, UTC.

A number is the share of the model's answer that one of the three dangers has. It stands only where somebody may act on
it: `shown_score` is the one place that decides so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from fcv_api.domain.prediction import State
from fcv_api.domain.words import ScoreWarning

CRITICAL_CODES = frozenset({"critical_value", "asystole", "no_pulse"})
PATIENT_CODES = CRITICAL_CODES | {
    *("level", "trend", "several_signs", "past_danger", "unusual_value", "not_adult", "rate_mismatch", "flat_line"),
    *("stale", "conflicting_values"),
}
OF_THE_SCORE = frozenset({"undecided", "unvalidated_model"})
"""They speak of the score alone: where there is none on the page, they are none of its warnings."""
FORBID_A_NUMBER = frozenset({"unvalidated_model", "stale"})
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
    if outcome.codes & FORBID_A_NUMBER or shows.attested is None or outcome.model != shows.attested:
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
