"""Tiles as people read them: words, times and paths for the templates, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from fcv_api.alerts.query import Holding
from fcv_api.domain.labels import STATE_LABELS, headline_of, in_language, sentence_of
from fcv_api.domain.stays import MINUTE
from fcv_api.domain.ward import Condition, Standing, Tile
from fcv_api.domain.ward_line import SixHours
from fcv_api.domain.ward_score import CRITICAL_CODES, PATIENT_CODES, Level, Line, Score
from fcv_api.domain.words import ScoreWarning
from fcv_api.ledger.seen import Mark
from fcv_api.web.ward.alerted import cause_in_words, shown_alerts
from fcv_api.web.ward.language import Language
from fcv_api.web.ward.shown_words import reason_of, speak
from fcv_api.web.ward.state import Notice
from fcv_api.web.ward.svg import LinePaths, line_paths

FROM_THE_DOOR = 3
"""Warnings that a tile spells out."""


@dataclass(frozen=True, slots=True)
class Said:
    """A warning in words. loud: "critical", "warning" or "data"."""

    loud: str
    headline: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says what is shown, in one language and the ward's time. now: in microseconds."""

    language: Language
    zone: tzinfo
    now: int

    def say(self, key: str, **parts: object) -> str:
        """Return a text of the pages' table."""
        return speak(key, self.language, **parts)

    def time(self, at: int) -> str:
        """Return a time of the day, with its date where it is not today's."""
        moment, today = self._local(at), self._local(self.now)
        return moment.strftime("%H:%M" if moment.date() == today.date() else "%Y-%m-%d %H:%M")

    def _local(self, at: int) -> datetime:
        return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)).astimezone(self.zone)

    def notice(self, notice: Notice) -> str:
        """Return what is said over all beds."""
        return self.say(notice.key, name=notice.name, time=self.time(notice.time), count=notice.count)

    def warnings(self, warnings: tuple[ScoreWarning, ...]) -> list[Said]:
        """Return warnings in words, each once."""
        said = {headline_of(each, self.language): each for each in reversed(warnings)}
        return [
            Said(_loudness(each.code), headline, sentence_of(each, self.language))
            for headline, each in reversed(said.items())
        ]

    def briefly(self, tile: Tile) -> tuple[list[Said], int]:
        """Return what a tile spells out, and how many warnings more there are."""
        said = self.warnings(tile.warnings)
        return said[:FROM_THE_DOOR], max(0, len(said) - FROM_THE_DOOR)

    def alerts(self, holding: Iterable[Holding], standing: Standing) -> list[str]:
        """Return the alerts that hold in words, the foremost first."""
        return [self._alert(each) for each in shown_alerts(holding, standing.reason)]

    def _alert(self, holding: Holding) -> str:
        cause = cause_in_words(holding.alert.cause, self.language)
        said = self.say("alert", cause=cause, time=self.time(holding.alert.raised_at))
        if holding.seen_at is None:
            return said
        return f"{said}. {self.say('seen_by', name=holding.seen_by, time=self.time(holding.seen_at))}"

    def seen(self, marks: Sequence[Mark]) -> list[str]:
        """Return who has seen a record, and when."""
        return [self.say("seen_by", name=each.user, time=self.time(round(each.at.timestamp() * 1e6))) for each in marks]

    def level(self, level: Level) -> str:
        """Return a level as a word: no colour stands alone."""
        return self.say(f"level.{level.name.lower()}")

    def standing(self, standing: Standing, minutes: int) -> str:
        """Return how a bed stands: why it is not scored, or how old its score is."""
        if standing.condition is Condition.SCORED:
            return self.say("scored_ago", minutes=minutes)
        reason = reason_of(standing.reason, self.language)
        key = str(standing.condition)
        return self.say(key, time=self.time(standing.since), minutes=minutes, reason=reason)

    def score(self, score: Score) -> str:
        """Return the score's line in words, without its number."""
        state = in_language(STATE_LABELS[score.state], self.language) if score.state else ""
        return self.say(f"line.{score.line}", state=state)

    def strip(self, tile: Tile) -> str:
        """Return why a bed stands in the strip, in one line."""
        standing = tile.standing
        if standing.condition in (Condition.NOT_SCORED, Condition.SILENT):  # that it is not, its level says
            reason = reason_of(standing.reason or Condition.SILENT, self.language)
            return self.say("since", reason=reason, time=self.time(standing.since))
        if standing.condition is not Condition.SCORED:
            return self.standing(standing, tile.minutes)
        said = self.warnings(tile.warnings)
        if said:
            return said[0].headline if len(said) == 1 else f"{said[0].headline} (+{len(said) - 1})"
        return self.score(tile.score)

    def refused(self, reason: str) -> str:
        """Return that a record is a refusal, and why."""
        return self.say("refused", reason=reason_of(reason, self.language))

    def line_words(self, line: SixHours) -> str:
        """Return a tile's line in words."""
        critical = line.warned_at(Level.CRITICAL)
        warned = line.warned_at(Level.WARNING, Level.DATA) + critical
        return self.say("hours_line", scored=line.count, warned=warned, critical=critical)

    def paths(self, line: SixHours) -> LinePaths:
        """Return a tile's line as paths."""
        return line_paths(line)

    def is_risk(self, score: Score) -> bool:
        """Return whether a number stands."""
        return score.line is Line.RISK and score.percent is not None

    def machine_time(self, at: int) -> str:
        """Return an instant as machines read it, to the minute."""
        return self._local(at // MINUTE * MINUTE).isoformat(timespec="minutes")


def _loudness(code: str) -> str:
    if code in CRITICAL_CODES:
        return "critical"
    return "warning" if code in PATIENT_CODES else "data"
