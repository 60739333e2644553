"""How the feed stands: turns that are due and late, each stay's last slot, and what was heard of each source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from fcv_api.domain.stays import CLOSED_AFTER
from fcv_api.extensions.cursors import read_cursor, run

TURNS = """SELECT s.id, t.last_slot, s.moving_at FROM stays s LEFT JOIN turns t ON t.encounter = s.id
    WHERE s.seen_at >= ? ORDER BY s.id"""
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


def sources() -> list[Source]:
    """Return what each host heard of each source."""
    with read_cursor() as cursor:
        rows: list[Any] = run(cursor, SOURCES).fetchall()
    return [Source(name, host, at, offset, orjson.loads(counters)) for name, host, at, offset, counters in rows]
