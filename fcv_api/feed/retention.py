"""How long observations are kept, and the small steps in which they are deleted."""

from __future__ import annotations

from typing import Any

from fcv_api.domain.observations import STATIC_CODES
from fcv_api.domain.stays import CLOSED_AFTER, STAYS_CLOSED
from fcv_api.extensions.cursors import read_cursor, run, write_cursor
from fcv_api.feed import arrivals
from fcv_api.feed.store import HOUR

ROWS_AT_ONCE = 500
MOST_STEPS = 100
"""Of one call: what is left is the next one's."""
LISTED = 2 * CLOSED_AFTER
"""After its last observation a stay is open for half of this, and listed as closed for the other half."""
STATIC = f"({', '.join(map(str, STATIC_CODES))})"
KEY = "encounter, sign, at, source, channel, name"
MOVING = f"""DELETE FROM observations WHERE ({KEY}) IN (SELECT {KEY} FROM observations
    WHERE at < ? AND sign NOT IN {STATIC} ORDER BY at LIMIT {ROWS_AT_ONCE})"""  # noqa: S608 - ours
CHARTED = f"""DELETE FROM observations WHERE ({KEY}) IN (SELECT {KEY} FROM observations o
    WHERE at < ? AND received_at < ? AND sign IN {STATIC} AND (
        EXISTS (SELECT 1 FROM stays s WHERE s.id = o.encounter AND (s.seen_at <= ? OR s.seen_at <= s.closed_at + ?))
        OR (value IS NOT NULL AND EXISTS (SELECT 1 FROM observations n WHERE n.encounter = o.encounter
            AND n.sign = o.sign AND n.at > o.at AND n.value IS NOT NULL))
    ) LIMIT {ROWS_AT_ONCE})"""  # noqa: S608
PLACEMENTS = f"""DELETE FROM placements WHERE (source, bed, slot, encounter) IN
    (SELECT source, bed, slot, encounter FROM placements WHERE slot < ? ORDER BY slot LIMIT {ROWS_AT_ONCE})"""  # noqa: S608
UNNAMED = f"""DELETE FROM unnamed_beds WHERE (source, bed) IN
    (SELECT source, bed FROM unnamed_beds WHERE seen_at < ? LIMIT {ROWS_AT_ONCE})"""  # noqa: S608
STAYS = f"""DELETE FROM stays WHERE id IN (SELECT id FROM stays s WHERE seen_at < ?
    AND NOT EXISTS (SELECT 1 FROM observations o WHERE o.encounter = s.id) LIMIT {ROWS_AT_ONCE})"""  # noqa: S608
TURNS = f"""DELETE FROM turns WHERE encounter IN (SELECT encounter FROM turns t
    WHERE NOT EXISTS (SELECT 1 FROM stays s WHERE s.id = t.encounter) LIMIT {ROWS_AT_ONCE})"""  # noqa: S608


def purge(now: int, hours: int) -> int:
    """Delete what is older than some hours, as of now in microseconds, and return how many rows that were.

    Nothing is deleted while the clock is doubted. The newest height and weight stay until their stay is closed.
    """
    oldest, forgotten = now - hours * HOUR, now - LISTED
    statements: tuple[tuple[str, tuple[int, ...]], ...] = (
        (MOVING, (oldest,)),
        (CHARTED, (oldest, oldest, now - CLOSED_AFTER, STAYS_CLOSED)),
        (PLACEMENTS, (min(oldest, forgotten),)),
        (UNNAMED, (forgotten,)),
        (STAYS, (forgotten,)),
        (TURNS, ()),
    )
    with read_cursor() as cursor:
        clock = arrivals.read(cursor)
    if clock is None or not clock.may_delete(now):
        return 0
    return sum(_in_steps(statement, values) for statement, values in statements)


def _in_steps(statement: str, values: tuple[Any, ...]) -> int:
    """Run a statement, each time in a transaction of its own, until it finds less than it may delete at once."""
    done = 0
    for _step in range(MOST_STEPS):
        with write_cursor() as cursor:
            deleted = run(cursor, statement, *values).rowcount
        done += deleted
        if deleted < ROWS_AT_ONCE:
            break
    return done
