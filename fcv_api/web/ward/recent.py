"""What was recorded in the last hours, as this process has read it: a page reads only what is new."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

import orjson

from fcv_api.domain.prediction import State
from fcv_api.domain.stays import CLOSED_AFTER
from fcv_api.domain.ward_line import Point, point_of
from fcv_api.domain.ward_score import Outcome, Shows
from fcv_api.domain.words import ScoreWarning
from fcv_api.ledger.outcomes import RecordedOutcome, newest_seq, recorded_after, seq_before
from fcv_api.ledger.record import Record, id_prefix, utc_moment

KEPT = CLOSED_AFTER
"""An encounter that was asked about longer ago has left the page, as a stay that was silent so long."""
MOST_ENCOUNTERS = 1_000
MOST_POINTS = 720
"""Of an encounter: one a minute in the hours that are kept."""


@dataclass(slots=True)
class Course:
    """What was recorded of one encounter: points of its line, the oldest first, its last record, and its last turn.

    since: the end of what was scored last; of what was never scored, when it was first refused.
    """

    points: deque[Point]
    last: Outcome
    recorded_at: int = 0
    turn: Outcome | None = None
    since: int | None = None

    @property
    def is_by_turn(self) -> bool:
        """Whether the feed had the last word."""
        return self.turn is self.last


@dataclass(slots=True)
class Recent:
    """What this process knows of the record. left_out: encounters that were too many."""

    courses: dict[int, Course] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    seq: int = -1
    shows: Shows = field(default_factory=Shows)
    lock: Lock = field(default_factory=Lock)

    def update(self, now: int, shows: Shows) -> None:
        """Read what was recorded since, and forget what is old. A database that was put back is read anew."""
        with self.lock:
            if self.seq < 0 or shows != self.shows or newest_seq() < self.seq:
                self._begin(now, shows)
            for row in recorded_after(self.seq):
                self._take(row)
                self.seq = row.seq
            self._forget(now - KEPT)

    def _begin(self, now: int, shows: Shows) -> None:
        self.courses, self.left_out, self.shows = {}, set(), shows
        since = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=now - KEPT)
        self.seq = seq_before(id_prefix(since))

    def _forget(self, before: int) -> None:
        self.courses = {number: each for number, each in self.courses.items() if each.recorded_at >= before}
        for course in self.courses.values():
            while course.points and course.points[0].at < before:
                course.points.popleft()

    def _take(self, row: RecordedOutcome) -> None:
        course = self.courses.get(row.encounter)
        if course is None and len(self.courses) >= MOST_ENCOUNTERS:
            self.left_out.add(row.encounter)
            return
        outcome = outcome_of(row)
        if course is None:
            course = self.courses[row.encounter] = Course(deque(maxlen=MOST_POINTS), outcome)
        point = point_of(outcome, self.shows)
        course.points.append(point)
        course.last = outcome
        course.turn = course.turn if row.slot is None else outcome
        course.recorded_at = microseconds(row.at)
        course.since = outcome.at if point.scored or course.since is None else course.since


def outcome_of(row: RecordedOutcome | Record) -> Outcome:
    """Return what a record says. A score's time is the end of its window, whoever asked and whenever."""
    if row.problem is not None or row.state is None:
        at = microseconds(row.at) if row.slot is None else row.slot
        return Outcome(row.id, at, row.problem or "internal-error")
    shares = orjson.loads(row.probabilities or "{}")
    model = (row.model_name or "", row.model_version or "", row.model_sha256 or "")
    return Outcome(
        row.id,
        microseconds(row.window_last or row.at) if row.slot is None else row.slot,
        None,
        State(row.state),
        {State(name): float(share) for name, share in shares.items()},
        warnings_of(row.warnings),
        model,
    )


def warnings_of(text: str | None) -> tuple[ScoreWarning, ...]:
    """Read the warnings of a record. Older ones have no Spanish and no figures."""
    found = orjson.loads(text or "[]")
    return tuple(
        ScoreWarning(
            each["code"], each.get("sign"), each["detail"], each.get("detail_es") or "", each.get("figures") or {}
        )
        for each in found
    )


def microseconds(text: str) -> int:
    """Return a time of the record in microseconds."""
    moment = utc_moment(text)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.fromtimestamp(0, UTC)
    return since // timedelta(microseconds=1)
