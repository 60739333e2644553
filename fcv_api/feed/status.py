"""How the feed stands: turns that are due and late, each stay's last slot, and what was heard of each source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from fcv_api.domain.observations import STATIC_CODES
from fcv_api.domain.stays import CLOSED_AFTER, MINUTE, SLOT, STAYS_CLOSED
from fcv_api.extensions.cursors import read_cursor, run

TURNS = """SELECT s.id, t.last_slot, s.moving_at FROM stays s LEFT JOIN turns t ON t.encounter = s.id
    WHERE s.seen_at >= ? ORDER BY s.id"""
LATE_AFTER = MINUTE
"""Of a turn's being due, or of the arrival of what makes it due."""
MOST_COUNTED = 1_000
LATE = f"""SELECT COUNT(*) FROM (SELECT 1 FROM stays s LEFT JOIN turns t ON t.encounter = s.id
    WHERE s.seen_at > ? AND COALESCE(t.last_slot, 0) < ? AND s.moving_at > COALESCE(t.last_slot, 0)
    AND (s.closed_at IS NULL OR s.seen_at > s.closed_at + {STAYS_CLOSED})
    AND NOT EXISTS (SELECT 1 FROM placements p WHERE p.source = s.source AND p.bed = s.bed AND p.encounter <> s.id
        AND p.slot > (s.bed_at + {SLOT - 1}) / {SLOT} * {SLOT})
    AND EXISTS (SELECT 1 FROM observations o WHERE o.encounter = s.id AND o.at > COALESCE(t.last_slot, 0) AND o.at <= ?
        AND o.received_at <= ? AND o.value IS NOT NULL AND o.sign NOT IN ({", ".join(map(str, STATIC_CODES))}))
    LIMIT {MOST_COUNTED}) AS late"""  # noqa: S608 - ours
"""Of open stays: the rules of `domain.stays.closed_since`, in SQL, because a load balancer asks every few seconds."""
SOURCES = "SELECT name, host, last_message_at, clock_offset, counters FROM feed_sources ORDER BY name, host"


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a stay stands. last_slot: 0 for none yet. is_due: a slot has ended since, with a moving sign in it."""

    encounter: int
    last_slot: int
    is_due: bool


@dataclass(frozen=True, slots=True)
class Source:
    """What a host heard of a source. Times are in microseconds."""

    name: str
    host: str
    last_message_at: int
    clock_offset: int | None
    counters: dict[str, int]


def turns(slot: int) -> list[Turn]:
    """Return the stays of the last 12 hours. slot: the newest one that is due."""
    with read_cursor() as cursor:
        rows: list[Any] = run(cursor, TURNS, slot - CLOSED_AFTER).fetchall()
    return [Turn(number, last or 0, (last or 0) < min(slot, moving or 0)) for number, last, moving in rows]


def late(slot: int, now: int) -> int:
    """Count the turns that should have been recorded over a minute ago, up to 1,000.

    slot: the newest one that was due a minute before now, in microseconds as now.
    """
    with read_cursor() as cursor:
        row: Any = run(cursor, LATE, slot - CLOSED_AFTER, slot, slot, now - LATE_AFTER).fetchone()
    return int(row[0])


def late_in_words(late: int) -> str:
    """Return a sentence on how many turns are late."""
    more, verb = " or more" if late == MOST_COUNTED else "", "is" if late == 1 else "are"
    return f"{late:,}{more} turn{'' if late == 1 else 's'} {verb} over a minute late."


def sources() -> list[Source]:
    """Return what each host heard of each source."""
    with read_cursor() as cursor:
        rows: list[Any] = run(cursor, SOURCES).fetchall()
    return [Source(name, host, at, offset, orjson.loads(counters)) for name, host, at, offset, counters in rows]
