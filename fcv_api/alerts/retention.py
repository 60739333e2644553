"""How long alerts are kept: as long as the record that they are of."""

from __future__ import annotations

from fcv_api.extensions.cursors import run, write_cursor

AT_ONCE = 500
"""Rows of one transaction: predictions wait for it meanwhile."""
EVENTS = """DELETE FROM alert_events WHERE id IN
    (SELECT id FROM alert_events WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?)"""
ALERTS = """DELETE FROM alerts WHERE (encounter, user_id, cause) IN
    (SELECT encounter, user_id, cause FROM alerts WHERE recorded_at < ? LIMIT ?)"""


def purge(before: int) -> int:
    """Delete what was recorded before an instant, in microseconds, and return how many events that were."""
    events = _purge(EVENTS, before)
    _purge(ALERTS, before)
    return events


def _purge(statement: str, before: int) -> int:
    done, more = 0, True
    while more:
        with write_cursor() as cursor:
            count = int(run(cursor, statement, before, AT_ONCE).rowcount)
        done, more = done + count, count == AT_ONCE
    return done
