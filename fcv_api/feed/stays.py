"""Stays and their beds: what observations say of them, in the caller's transaction, and who closes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from fcv_api.domain.observations import STATIC_CODES, Observation
from fcv_api.domain.stays import Placement, Stay, slot_of
from fcv_api.extensions.cursors import on_sqlite, read_cursor, run, write_attempts

COLUMNS = "id, source, bed, bed_at, opened_at, seen_at, moving_at, closed_at, corrected_at"
NEWER_BED = """excluded.bed_at IS NOT NULL AND (stays.bed_at IS NULL OR excluded.bed_at > stays.bed_at
    OR (excluded.bed_at = stays.bed_at AND excluded.bed > stays.bed))"""
"""Of two beds at one instant, which is a conflict, the larger name: whichever came first."""
NEWER_MOVING = """excluded.moving_at IS NOT NULL
    AND (stays.moving_at IS NULL OR excluded.moving_at > stays.moving_at)"""
OBSERVED = f"""INSERT INTO stays (id, source, bed, bed_at, opened_at, seen_at, moving_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    bed = CASE WHEN {NEWER_BED} THEN excluded.bed ELSE stays.bed END,
    bed_at = CASE WHEN {NEWER_BED} THEN excluded.bed_at ELSE stays.bed_at END,
    opened_at = CASE WHEN excluded.opened_at < stays.opened_at THEN excluded.opened_at ELSE stays.opened_at END,
    seen_at = CASE WHEN excluded.seen_at > stays.seen_at THEN excluded.seen_at ELSE stays.seen_at END,
    moving_at = CASE WHEN {NEWER_MOVING} THEN excluded.moving_at ELSE stays.moving_at END
    WHERE stays.source = excluded.source RETURNING id"""  # noqa: S608 - ours
PLACED = "INSERT INTO placements (source, bed, slot, encounter) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
OBSERVED_AND_PLACED = f"""WITH own AS ({OBSERVED}), placed AS (INSERT INTO placements (source, bed, slot, encounter)
    SELECT place.source, place.bed, place.slot, own.id FROM own,
    json_to_recordset(?::json) AS place (source text, bed text, slot bigint) ON CONFLICT DO NOTHING)
    SELECT id FROM own"""  # noqa: S608
"""PostgreSQL's: each statement of a request is a round trip to it."""
UNNAMED = """INSERT INTO unnamed_beds (source, bed, since, seen_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (source, bed) DO UPDATE SET
    since = CASE WHEN excluded.since < unnamed_beds.since THEN excluded.since ELSE unnamed_beds.since END,
    seen_at = CASE WHEN excluded.seen_at > unnamed_beds.seen_at THEN excluded.seen_at ELSE unnamed_beds.seen_at END"""
SEEN_SINCE = f"SELECT {COLUMNS} FROM stays WHERE seen_at >= ? ORDER BY id"  # noqa: S608
BY_NUMBER = f"SELECT {COLUMNS} FROM stays WHERE id IN ({{}}) ORDER BY id"  # noqa: S608
CLOSE = "UPDATE stays SET closed_at = ? WHERE id = ?"
DISCHARGED = """UPDATE stays SET closed_at = ? WHERE id = ? AND source = ?
    AND (closed_at IS NULL OR closed_at < ?)"""
CORRECTED = "UPDATE stays SET corrected_at = ? WHERE id = ? AND (corrected_at IS NULL OR corrected_at < ?)"
BESIDE = """SELECT p.source, p.bed, p.slot, p.encounter FROM stays s JOIN placements p
    ON p.source = s.source AND p.bed = s.bed AND p.slot >= s.bed_at WHERE s.seen_at >= ?"""
ELSEWHERE = """SELECT p.source, p.bed, p.slot, p.encounter FROM stays s JOIN placements p
    ON p.encounter = s.id AND p.slot >= s.bed_at WHERE s.seen_at >= ?"""


def observed(cursor: Any, encounter: int, source: str, observations: Sequence[Observation]) -> bool:  # noqa: ANN401
    """Let observations open a stay, or tell more of it. Return False, and change nothing, where it is another source's.

    From here on the transaction holds the stay's lock.
    """
    times = [each.key.at for each in observations]
    moving = [each.key.at for each in observations if each.key.sign not in STATIC_CODES]
    bed_at, bed = max(((each.key.at, each.bed) for each in observations if each.bed), default=(None, None))
    cells = (encounter, source, bed, bed_at, min(times), max(times), max(moving, default=None))
    places = sorted({(each.bed, slot_of(each.key.at)) for each in observations if each.bed})
    if not on_sqlite(cursor):
        placed = [{"source": source, "bed": place, "slot": slot} for place, slot in places]
        return run(cursor, OBSERVED_AND_PLACED, *cells, orjson.dumps(placed).decode()).fetchone() is not None
    if run(cursor, OBSERVED, *cells).fetchone() is None:
        return False
    cursor.executemany(PLACED, [(source, place, slot, encounter) for place, slot in places])
    return True


def unnamed(cursor: Any, source: str, beds: Iterable[tuple[str, int]]) -> None:  # noqa: ANN401
    """Remember beds that sent without an encounter, each with the time of an observation."""
    for bed, at in sorted(beds):
        run(cursor, UNNAMED, source, bed, at, at)


def corrected(cursor: Any, encounter: int, now: int) -> None:  # noqa: ANN401
    """Remember that a correction or deletion came: the stay's next turn is due even if nothing else is new."""
    run(cursor, CORRECTED, now, encounter, now)


def close(encounter: int, now: int) -> bool:
    """Close a stay, as of now. Return whether there is one."""
    found = False
    for attempt in write_attempts():
        with attempt as cursor:
            found = run(cursor, CLOSE, now, encounter).rowcount > 0
    return found


def discharged(cursor: Any, encounter: int, source: str, at: int) -> None:  # noqa: ANN401
    """Close a stay of a source, as of when a message said so. An older message changes nothing."""
    run(cursor, DISCHARGED, at, encounter, source, at)


def seen_since(cursor: Any, at: int) -> list[Stay]:  # noqa: ANN401
    """Return the stays that were observed since a time, by their numbers."""
    return [Stay(*row) for row in run(cursor, SEEN_SINCE, at).fetchall()]


def numbered(numbers: Sequence[int]) -> list[Stay]:
    """Return the stays of some numbers, those that there are."""
    if not numbers:
        return []
    with read_cursor() as cursor:
        rows: list[Any] = run(cursor, BY_NUMBER.format(", ".join("?" * len(numbers))), *numbers).fetchall()
    return [Stay(*row) for row in rows]


def beside(cursor: Any, at: int) -> list[Placement]:  # noqa: ANN401
    """Return what decides of those stays: in their beds, and of themselves, from their last slots with a bed on."""
    found = {row for query in (BESIDE, ELSEWHERE) for row in map(tuple, run(cursor, query, at).fetchall())}
    return [Placement(*row) for row in sorted(found)]
