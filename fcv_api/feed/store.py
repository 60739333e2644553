"""Store observations: of all statements about one the greatest holds, whatever order they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import orjson

from fcv_api.domain.arrivals import FUTURE, Clock
from fcv_api.domain.observations import (
    CORRECTION,
    DELETION,
    STATIC_CODES,
    Key,
    Observation,
    Posted,
    Statement,
    averaged,
    rank,
    says_the_same,
)
from fcv_api.extensions.cursors import on_sqlite, run, write_attempts
from fcv_api.feed import arrivals, sources, stays

HOUR = 3_600_000_000
ROWS_A_STATEMENT = 250
COUNTS = ("new", "same", "replaced", "deleted", "too_old", "future")
KEPT = """SELECT sign, at, channel, name, status, sent_at, value, unit, flag FROM observations
    WHERE encounter = ? AND sign IN ({}) AND at >= ? AND at <= ? AND source = ?"""
COLUMNS = "encounter, source, sign, at, channel, name, status, sent_at, value, unit, flag, received_at"
REPLACE = """ON CONFLICT (encounter, sign, at, source, channel, name) DO UPDATE SET status = excluded.status,
    sent_at = excluded.sent_at, value = excluded.value, unit = excluded.unit, flag = excluded.flag,
    received_at = excluded.received_at"""
UPSERT = f"INSERT INTO observations ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {REPLACE}"  # noqa: S608
TYPES = """encounter bigint, source text, sign bigint, at bigint, channel text, name text, status text, sent_at bigint,
    value float8, unit text, flag text, received_at bigint"""
UPSERT_MANY = (
    f"INSERT INTO observations ({COLUMNS}) SELECT * FROM json_to_recordset(?::json) AS row ({TYPES}) {REPLACE}"  # noqa: S608
)
"""PostgreSQL's, for rows as one JSON text, as in `ledger/record.py`: a driver needs longer for a value a cell."""


class Arrival(NamedTuple):
    """How observations came. now, sent_at: in microseconds. hours: how long observations are kept."""

    source: str
    now: int
    sent_at: int
    hours: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one encounter's observations, by COUNTS; or that the stay is another source's."""

    encounter: int
    counts: Mapping[str, int]
    other_source: bool = False


def store(posted: Sequence[Posted], arrival: Arrival, unnamed: Iterable[tuple[str, int]] = ()) -> list[Taken]:
    """Store what came at once, in one transaction. unnamed: beds that sent without an encounter, each with a time.

    Returns one result for each of `posted`, in that order. An encounter comes once.
    """
    counted = sources.counted()
    due = counted.take(arrival.source)
    found: dict[int, Taken] = {}
    for attempt in write_attempts():
        with attempt as cursor:
            found = _store(cursor, posted, arrival)
            stays.unnamed(cursor, arrival.source, [each for each in unnamed if _is_recent(each[1], arrival)])
            if due is not None:
                sources.write(cursor, arrival.source, arrival.now, due)
    total: Counter[str] = Counter()
    for each in found.values():
        total.update(each.counts)
    counted.count(arrival.source, total)
    return [found[each.encounter] for each in posted]


def _store(cursor: Any, posted: Sequence[Posted], arrival: Arrival) -> dict[int, Taken]:  # noqa: ANN401
    """Store by ascending encounter: two transactions that lock the same stays must not wait for each other."""
    before = arrivals.read(cursor)
    newest = max((each.key.at for own in posted for each in own.observations), default=arrival.now)
    clock = Clock(arrival.now) if before is None else before.after(arrival.now, newest)
    oldest = arrival.now - arrival.hours * HOUR if clock.may_delete(arrival.now) else None
    found = {}
    for own in sorted(posted, key=lambda each: each.encounter):
        found[own.encounter] = _store_one(cursor, own, arrival, oldest)
    arrivals.write(cursor, before, clock)
    return found


def _store_one(cursor: Any, posted: Posted, arrival: Arrival, oldest: int | None) -> Taken:  # noqa: ANN401
    counts = dict.fromkeys(COUNTS, 0)
    timely: list[Observation] = []
    for each in posted.observations:
        if fault := _out_of_time(each.key, arrival.now, oldest):
            counts[fault] += 1
        else:
            timely.append(each)
    if not timely:
        return Taken(posted.encounter, counts)
    if not stays.observed(cursor, posted.encounter, arrival.source, timely):
        return Taken(posted.encounter, dict.fromkeys(COUNTS, 0), other_source=True)
    kept = _kept(cursor, posted.encounter, arrival.source, [each.key for each in timely])
    changed = {}
    for each in averaged(timely):
        statement = each.sent(arrival.sent_at)
        what, holds = _compared(kept.get(each.key), statement)
        counts[what] += 1
        if holds:
            kept[each.key] = changed[each.key] = statement
    _write(cursor, posted.encounter, arrival, changed)
    if any(each.status in (CORRECTION, DELETION) for each in changed.values()):
        stays.corrected(cursor, posted.encounter, arrival.now)
    return Taken(posted.encounter, counts)


def _is_recent(at: int, arrival: Arrival) -> bool:
    return arrival.now - arrival.hours * HOUR <= at <= arrival.now + FUTURE


def _out_of_time(key: Key, now: int, oldest: int | None) -> str | None:
    """Return why an observation is not stored. Height and weight are charted once, and are never too old."""
    if key.at > now + FUTURE:
        return "future"
    too_old = oldest is not None and key.at < oldest and key.sign not in STATIC_CODES
    return "too_old" if too_old else None


def _compared(kept: Statement | None, statement: Statement) -> tuple[str, bool]:
    """Return what a statement is counted as, and whether it is written: a repeated one for the time it was sent."""
    if kept is not None and rank(statement) <= rank(kept):
        return "same", False
    if kept is not None and says_the_same(statement, kept):
        return "same", True
    if statement.status == DELETION:
        return "deleted", True
    return ("new" if kept is None else "replaced"), True


def _kept(cursor: Any, encounter: int, source: str, keys: Sequence[Key]) -> dict[Key, Statement]:  # noqa: ANN401
    """Return the statements that hold now, of at least these keys."""
    signs, times = sorted({key.sign for key in keys}), [key.at for key in keys]
    query = KEPT.format(", ".join("?" * len(signs)))
    rows = run(cursor, query, encounter, *signs, min(times), max(times), source).fetchall()
    return {Key(*row[:4]): Statement(*row[4:]) for row in rows}


def _write(cursor: Any, encounter: int, arrival: Arrival, changed: Mapping[Key, Statement]) -> None:  # noqa: ANN401
    """Write statements; on PostgreSQL not by `executemany`, which would be a pipeline, as in `ledger/record.py`."""
    rows = [(encounter, arrival.source, *key, *statement, arrival.now) for key, statement in changed.items()]
    if on_sqlite(cursor):
        cursor.executemany(UPSERT, rows)
        return
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        run(cursor, UPSERT_MANY, orjson.dumps(list(map(_as_json, rows[start : start + ROWS_A_STATEMENT]))).decode())


NAMES = COLUMNS.split(", ")
VALUE = NAMES.index("value")


def _as_json(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row as JSON can carry it, which has no infinity: PostgreSQL reads one from a text."""
    cells = dict(zip(NAMES, row, strict=True))
    return cells | {"value": str(row[VALUE])} if row[VALUE] in (inf, -inf) else cells
