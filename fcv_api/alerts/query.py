"""Read alerts, and mark them as seen. Seeing one changes nothing else: it is not silenced, and it does not end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import time_ns
from typing import Any, NamedTuple

from fcv_api.alerts.assessments import Stream
from fcv_api.alerts.policies import InForce, known
from fcv_api.domain.alerting import Alert, foremost
from fcv_api.extensions.cursors import read_cursor, run, write_cursor
from fcv_api.ledger.record import lock

HOLDING = """SELECT encounter, user_id, cause, raised_at, newest_at, seen_at, seen_by FROM alerts
    WHERE activation = ? AND holds ORDER BY raised_at DESC, encounter, user_id, cause"""
SEE = """UPDATE alerts SET seen_at = ?, seen_by = ? WHERE activation = ? AND holds AND encounter = ?
    AND (cause = ? OR ? = '') RETURNING user_id, cause"""
LOG = """INSERT INTO alert_events (encounter, user_id, cause, kind, at, recorded_at, activation, "by")
    VALUES (?, ?, ?, 'seen', ?, ?, ?, ?)"""
COUNT = "SELECT COUNT(*), COUNT(seen_at) FROM alerts WHERE activation = ? AND holds"
RAISED_SINCE = "SELECT COUNT(*) FROM alert_events WHERE kind = 'raised' AND recorded_at >= ?"
EVENTS = """SELECT encounter, user_id, cause, kind, at, activation, record, "by" FROM alert_events
    WHERE activation = ? OR ? = 0 ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Holding:
    """An alert that holds. newest_at: of the newest assessment that said so. Times in microseconds, UTC."""

    encounter: int
    user_id: int
    alert: Alert
    newest_at: int
    seen_at: int | None
    seen_by: str | None


class Logged(NamedTuple):
    """A row of the events."""

    encounter: int
    user_id: int
    cause: str
    kind: str
    at: int
    activation: int
    record: str | None
    by: str | None


class Counted(NamedTuple):
    """holding: how many alerts hold, by whether somebody has seen them. raised: since some instant."""

    policy: str | None
    holding: Mapping[bool, int]
    raised: int


def in_force() -> InForce | None:
    """Return the policy in force now; None where nothing alerts."""
    return known().at(time_ns() // 1000)


def holding() -> list[Holding]:
    """Return all alerts that hold under the policy in force, the one raised last first."""
    force = in_force()
    if force is None or force.policy is None:
        return []
    with read_cursor() as cursor:
        rows = run(cursor, HOLDING, force.activation).fetchall()
    return [_holding(force, *row) for row in rows]


def count(since: int) -> Counted:
    """Count the alerts that hold under the policy in force, and those that were raised since an instant."""
    force = in_force()
    with read_cursor() as cursor:
        every, seen = run(cursor, COUNT, force.activation).fetchone() if force else (0, 0)
        (raised,) = run(cursor, RAISED_SINCE, since).fetchone()
    return Counted(str(force.policy) if force else None, {False: every - seen, True: seen}, raised)


def _holding(force: InForce, *row: Any) -> Holding:  # noqa: ANN401
    encounter, user_id, cause, raised_at, newest_at, seen_at, seen_by = row
    policy = force.policy
    assert policy is not None  # noqa: S101 - for the type checker: something holds
    alert = Alert(str(policy), cause, raised_at, raised_at == newest_at, raised_at + policy.silence)
    return Holding(encounter, user_id, alert, newest_at, seen_at, seen_by)


def foremost_by_stream() -> Mapping[Stream, Alert]:
    """Return the alert to show of each encounter and account that has one."""
    by_stream: dict[Stream, list[Alert]] = {}
    for each in holding():
        by_stream.setdefault((each.encounter, each.user_id), []).append(each.alert)
    return {stream: alert for stream, alerts in by_stream.items() if (alert := foremost(alerts))}


def mark_seen(encounter: int, by: str, cause: str = "") -> int:
    """Mark an encounter's alerts that hold as seen, or the one of a cause, and return how many were."""
    force = in_force()
    if force is None:
        return 0
    now = time_ns() // 1000
    with write_cursor() as cursor:
        lock(cursor)  # as whoever records: two that lock an encounter's rows in another order would wait for each other
        rows = run(cursor, SEE, now, by, force.activation, encounter, cause, cause).fetchall()
        for user_id, seen in rows:
            run(cursor, LOG, encounter, user_id, seen, now, now, force.activation, by)
    return len(rows)


def events(activation: int = 0) -> list[Logged]:
    """Return what became of alerts in the order in which it was recorded. activation: only of one; 0 for all."""
    with read_cursor() as cursor:
        return [Logged(*row) for row in run(cursor, EVENTS, activation, activation).fetchall()]
