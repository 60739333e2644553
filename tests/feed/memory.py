"""A bed's memory for tests: a clock that stands, and what the tables hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcv_api.domain.observations import Key, Observation, Posted
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.feed import store
from fcv_api.feed.store import Arrival, Taken

SECOND, MINUTE = 1_000_000, 60_000_000
HOUR = 60 * MINUTE
NOW = 1_709_458_200 * SECOND
"""2024-03-03 09:30:00 UTC: the end of a slot."""
HEART_RATE, TEMPERATURE, HEIGHT = 147842, 150344, 188740
NAMES = {HEART_RATE: "MDC_ECG_HEART_RATE", TEMPERATURE: "MDC_TEMP", HEIGHT: "MDC_LEN_BODY_ACTUAL"}
TABLES = ("stays", "placements", "observations", "unnamed_beds", "turns", "feed_sources", "feed_arrivals")


def observation(value: float | None = 80.0, minutes: float = 0, **more: Any) -> Observation:
    """Return an observation of the heart rate, or of `sign`, some minutes before now."""
    sign = more.pop("sign", HEART_RATE)
    key = Key(sign, NOW - round(minutes * MINUTE), more.pop("channel", ""), more.pop("name", NAMES[sign]))
    return Observation(key, more.pop("status", "F"), value, **more)


def post(*observations: Observation, encounter: int = 1, source: str = "api:ana", **when: int) -> dict[str, int]:
    """Store observations of one encounter, and return what was counted but for the zeros."""
    (taken,) = post_all([Posted(encounter, observations)], source, **when)
    return {"other_source": 1} if taken.other_source else {name: n for name, n in taken.counts.items() if n}


def post_all(posted: Sequence[Posted], source: str = "api:ana", *, now: int = NOW, hours: int = 12) -> list[Taken]:
    """Store what came of several encounters at once."""
    return store.store(posted, Arrival(source, now, now, hours))


def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    with read_cursor() as cursor:
        return [tuple(row) for row in run(cursor, query, *values).fetchall()]


def held() -> list[tuple[Any, ...]]:
    """Return what is held of observations: value, status, channel and minutes before now."""
    found = rows("SELECT value, status, channel, at FROM observations ORDER BY encounter, sign, at, channel")
    return [(value, status, channel, (NOW - at) / MINUTE) for value, status, channel, at in found]
