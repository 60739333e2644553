"""Follow records as they are made, in the transaction that makes them: no crash can part an alert from its record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fcv_api.alerts.assessments import Stream, assessment_of, microseconds, stream_of
from fcv_api.alerts.policies import InForce, Known
from fcv_api.domain.alerting import QUIET, RAISED, Alert, Cause, Course, Step, follow
from fcv_api.domain.policy import Policy
from fcv_api.extensions.cursors import run
from fcv_api.ledger.record import Record

AT_ONCE = 500
"""Encounters of one query."""
COURSES = """SELECT encounter, user_id, cause, raised_at, newest_at, holds FROM alerts
    WHERE activation = ? AND encounter IN ({})"""
KEEP = """INSERT INTO alerts (encounter, user_id, cause, activation, raised_at, newest_at, recorded_at, holds)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (encounter, user_id, cause) DO UPDATE SET activation = excluded.activation,
    raised_at = excluded.raised_at, newest_at = excluded.newest_at, recorded_at = excluded.recorded_at,
    holds = excluded.holds"""
UNSEE = "UPDATE alerts SET seen_at = NULL, seen_by = NULL WHERE encounter = ? AND user_id = ? AND cause = ?"
LOG = """INSERT INTO alert_events (encounter, user_id, cause, kind, at, recorded_at, activation, record)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


def follow_records(cursor: Any, records: Sequence[Record], known: Known) -> list[Alert | None]:  # noqa: ANN401
    """Write what the policy in force makes of new records, and return for each the alert that holds by it.

    cursor: of the transaction that has just appended them, and so holds the record's lock. known: looked up before it.
    """
    if not known or not records:
        return [None] * len(records)
    recorded_at = microseconds(records[0].at)  # one time a transaction
    force = known.at(recorded_at)
    if force is None or force.policy is None:
        return [None] * len(records)
    courses = _courses(cursor, force.activation, {record.encounter for record in records})
    alerts = []
    for record in records:
        step = _step(force, force.policy, courses, record)
        if step is not None and step.course is not courses[stream_of(record)]:
            _write(cursor, (force.activation, recorded_at), record, step)
            courses[stream_of(record)] = step.course
        alerts.append(None if step is None else step.alert)
    return alerts


def _step(force: InForce, policy: Policy, courses: dict[Stream, Course], record: Record) -> Step | None:
    assessment = assessment_of(record, force.model_sha256)
    return None if assessment is None else follow(policy, courses[stream_of(record)], assessment)


def _courses(cursor: Any, activation: int, encounters: Iterable[int]) -> dict[Stream, Course]:  # noqa: ANN401
    """Return where the streams of some encounters stand."""
    causes: dict[Stream, dict[str, Cause]] = defaultdict(dict)
    newest: dict[Stream, int] = {}
    listed = list(encounters)
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        query = COURSES.format(", ".join("?" * len(some)))
        for encounter, user, cause, raised_at, newest_at, holds in run(cursor, query, activation, *some).fetchall():
            stream = encounter, user
            causes[stream][cause] = Cause(raised_at, bool(holds))
            newest[stream] = max(newest_at, newest.get(stream, newest_at))
    found: dict[Stream, Course] = defaultdict(lambda: QUIET)
    found.update({stream: Course(newest[stream], own) for stream, own in causes.items()})
    return found


def _write(cursor: Any, when: tuple[int, int], record: Record, step: Step) -> None:  # noqa: ANN401
    """Keep where a stream stands, and log its events. when: the activation, and when it was recorded."""
    (activation, recorded_at), stream = when, stream_of(record)
    for cause, state in step.course.causes.items():
        run(cursor, KEEP, *stream, cause, activation, state.raised_at, step.course.newest, recorded_at, state.holds)
    for event in step.events:
        if event.kind == RAISED:  # nobody has seen what has just been raised again
            run(cursor, UNSEE, *stream, event.cause)
        run(cursor, LOG, *stream, event.cause, event.kind, event.at, recorded_at, activation, record.id)
