"""Turns: each stay's score at each slot, recorded exactly once, whatever drives them and however often.

Two guards: `turns.last_slot` only ever rises, in the transaction of the record; and the record's unique index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from fcv_api import scoring
from fcv_api.alerts import live, policies
from fcv_api.domain.errors import IdentityConflict, Silent, Unscorable
from fcv_api.domain.instants import moment_of
from fcv_api.domain.prediction import AnswerContext, Models, Refusal, Scorer
from fcv_api.domain.stays import CLOSED_AFTER, SILENT_AFTER, Placement, Stay, closed_since, conflict_since
from fcv_api.extensions import db
from fcv_api.extensions.cursors import on_sqlite, read_cursor, run, write_attempts
from fcv_api.feed import arrivals, stays
from fcv_api.feed.beds import by_place
from fcv_api.feed.cut import Cut, cut
from fcv_api.feed.provenance import hash_of, sources_of
from fcv_api.ledger.record import Entry, append
from fcv_api.scoring import Caller

AT_ONCE = 10
"""Turns of one transaction."""
FIRST = """INSERT INTO turns (encounter, last_slot) SELECT s.id, 0 FROM stays s WHERE s.seen_at >= ?
    AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.encounter = s.id) ON CONFLICT DO NOTHING"""
CANDIDATES = f"""SELECT t.encounter FROM turns t JOIN stays s ON s.id = t.encounter
    WHERE t.last_slot < ? AND s.seen_at >= ? AND (s.moving_at > t.last_slot
        OR s.corrected_at > t.last_slot
        OR (s.moving_at <= ? AND t.last_slot < s.moving_at + {SILENT_AFTER}))
    ORDER BY t.encounter"""  # noqa: S608 - ours
DUE = "SELECT encounter, last_slot FROM turns WHERE last_slot < ? AND encounter IN ({}) ORDER BY encounter"
LOCKED = " FOR UPDATE SKIP LOCKED"
ADVANCE = "UPDATE turns SET last_slot = ? WHERE last_slot < ? AND encounter IN ({}) RETURNING encounter"
CLOCKS = {
    "sqlite": "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000",
    "postgresql": "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What scores turns. user_id, test_user_id: of the accounts for real and for test beds. runtime: what computes."""

    models: Models
    user_id: int
    runtime: str
    given: AnswerContext
    test_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Slot:
    """One slot as it is scored. end: in microseconds. near: the placements that decide of each stay."""

    end: int
    known: Mapping[int, Stay]
    near: Mapping[int, Sequence[Placement]]
    ended: Collection[int]


def database_now() -> int:
    """Return the time of the database's clock, in microseconds: one for all hosts."""
    with read_cursor() as cursor:
        return int(run(cursor, CLOCKS[db.engine.dialect.name]).fetchone()[0])


def slot_due(now: int, settle_seconds: int, step: np.timedelta64) -> int:
    """Return the end of the newest slot that is due: multiples of the step since the epoch, in microseconds."""
    length = int(step.astype("timedelta64[us]").astype(np.int64))
    return (now - settle_seconds * 1_000_000) // length * length


def run_slot(feed: Feed, end: int) -> int:
    """Score and record all turns of a slot that are not recorded yet, and return how many were. Raises NoModel."""
    return sum(map(len, run_groups(feed, end)))


def run_groups(feed: Feed, end: int) -> Iterator[Sequence[Entry]]:
    """Score and record a slot's turns some at a time, and yield what was recorded after each. Raises NoModel.

    So the caller can give a sign of life between them: the turns of a city take longer than a watchdog waits. None is
    recorded as long as the clock that the slot comes from is doubted.
    """
    model = feed.models.active()
    with read_cursor() as cursor:
        clock = arrivals.read(cursor)
    if clock is not None and not clock.may_score(end):
        return
    for attempt in write_attempts():
        with attempt as cursor:
            run(cursor, FIRST, end - CLOSED_AFTER)
    due = _candidates(end)
    yield ()
    if not due:
        return
    slot = _read_slot(end)
    for start in range(0, len(due), AT_ONCE):
        yield _run_some(feed, model, slot, due[start : start + AT_ONCE])


def _candidates(end: int) -> list[int]:
    """Return the stays whose turns may be due, read once: asked for each group anew, PostgreSQL took 1 ms a turn."""
    with read_cursor() as cursor:
        rows = run(cursor, CANDIDATES, end, end - CLOSED_AFTER, end - SILENT_AFTER).fetchall()
    return [int(row[0]) for row in rows]


def _read_slot(end: int) -> _Slot:
    with read_cursor() as cursor:
        known = stays.seen_since(cursor, end - CLOSED_AFTER)
        near = by_place(known, stays.beside(cursor, end - CLOSED_AFTER))
    return _Slot(end, {each.id: each for each in known}, near, {each.id for each in known if each.ended})


def _run_some(feed: Feed, model: Scorer, slot: _Slot, group: Sequence[int]) -> Sequence[Entry]:
    """Score and record the turns of some stays, as far as they are due still. Return what was recorded.

    On PostgreSQL within one transaction that locks them, so that another host takes others. On SQLite, where a
    transaction that writes shuts all others out, they are scored first.
    """
    entries: list[Entry] = []
    known = policies.known()  # a look of its own, once a second: not within the transaction
    if db.engine.dialect.name == "sqlite":
        with read_cursor() as cursor:
            entries = _assessed(cursor, feed, model, (slot, _due(cursor, slot, group)))
    recorded: Sequence[Entry] = ()
    for attempt in write_attempts():
        with attempt as cursor:
            if not on_sqlite(cursor):
                entries = _assessed(cursor, feed, model, (slot, _due(cursor, slot, group)))
            recorded = _record(cursor, entries, slot.end, known) if entries else ()
    return recorded


def _due(cursor: Any, slot: _Slot, group: Sequence[int]) -> list[tuple[int, int]]:  # noqa: ANN401
    """Return the stays of a group that nobody has scored meanwhile, each with its last slot, by encounter."""
    query = DUE.format(", ".join("?" * len(group)))
    rows = run(cursor, query if on_sqlite(cursor) else query + LOCKED, slot.end, *group).fetchall()
    return [(int(row[0]), int(row[1])) for row in rows]


def _record(cursor: Any, entries: Sequence[Entry], end: int, known: policies.Known) -> list[Entry]:  # noqa: ANN401
    """Record the turns that nobody recorded meanwhile: whoever advances a stay's last slot records it."""
    query = ADVANCE.format(", ".join("?" * len(entries)))
    advanced = {row[0] for row in run(cursor, query, end, end, *(each.encounter for each in entries)).fetchall()}
    own = [each for each in entries if each.encounter in advanced]
    if own:
        live.follow_records(cursor, append(cursor, own), known)
    return own


def _assessed(
    cursor: Any,  # noqa: ANN401
    feed: Feed,
    model: Scorer,
    due: tuple[_Slot, Sequence[tuple[int, int]]],
) -> list[Entry]:
    """Return the records of the turns that are due, of those that may be."""
    slot, turns = due
    found = []
    for encounter, last in turns:
        stay, started = slot.known.get(encounter), perf_counter()
        if stay is None or closed_since(stay, slot.near[encounter], slot.end) is not None:
            continue
        taken = cut(cursor, encounter, slot.end, model.spec)
        refusal = _refusal(stay, slot)
        if not isinstance(refusal, Silent) and not _is_new(stay, taken, last):
            continue
        account = (stay.is_of_test and feed.test_user_id) or feed.user_id
        caller = Caller(account, f"feed-{slot.end}", hash_of(taken), started)
        outcome: scoring.Outcome
        if refusal is None:
            outcome = scoring.assess(taken.encounter, model, feed.given, np.datetime64(slot.end, "us"))
        else:
            outcome = Refusal(encounter, refusal)
        entry = scoring.entry_of(outcome, caller, feed.runtime)
        found.append(entry._replace(slot=slot.end, sources=sources_of(stay.source, taken, model.spec)))
    return found


def _refusal(stay: Stay, slot: _Slot) -> Unscorable | None:
    """Return why a stay is not scored at a slot, whatever its window holds."""
    if conflict_since(stay, slot.near[stay.id], slot.ended) is not None:
        return IdentityConflict()
    if stay.moving_at is not None and slot.end - stay.moving_at >= SILENT_AFTER:
        return Silent(moment_of(stay.moving_at))
    return None


def _is_new(stay: Stay, taken: Cut, last: int) -> bool:
    """Return whether a moving sign was measured, or anything corrected, since the last turn."""
    return taken.moving_at > last or (stay.corrected_at or 0) > last
