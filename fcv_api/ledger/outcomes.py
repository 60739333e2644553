"""What was recorded lately, in order: what a page needs of each record, and no window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from fcv_api.extensions.cursors import read_cursor, run

COLUMNS = (
    "seq, encounter, slot, id, at, problem, state, probabilities, warnings, "
    "model_name, model_version, model_sha256, window_last"
)
AFTER = f"SELECT {COLUMNS} FROM predictions WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - ours
FIRST = "SELECT seq - 1 FROM predictions WHERE id >= ? ORDER BY seq LIMIT 1"
NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM predictions"
MARKED = "SELECT COUNT(*) FROM ward_seen WHERE record >= ?"
ROWS_AT_ONCE = 5_000


class RecordedOutcome(NamedTuple):
    """A record without its window. slot: of a turn, in microseconds. probabilities, warnings: JSON. at: in UTC."""

    seq: int
    encounter: int
    slot: int | None
    id: str
    at: str
    problem: str | None
    state: str | None
    probabilities: str | None
    warnings: str | None
    model_name: str | None
    model_version: str | None
    model_sha256: str | None
    window_last: str | None


def newest_seq() -> int:
    """Return the number of the newest record; 0 for none."""
    with read_cursor() as cursor:
        return int(run(cursor, NEWEST).fetchone()[0])


def marked_since(at: int) -> int:
    """Count the marks on records since a time in microseconds: an id begins with its record's."""
    with read_cursor() as cursor:
        return int(run(cursor, MARKED, f"{max(at // 1000, 0):012x}").fetchone()[0])


def seq_before(first_id: str) -> int:
    """Return the number before that of the first record whose id is no smaller; of the newest where there is none."""
    with read_cursor() as cursor:
        found: Any = run(cursor, FIRST, first_id).fetchone()
    return newest_seq() if found is None else int(found[0])


def recorded_after(seq: int) -> Iterable[RecordedOutcome]:
    """Yield the records of larger numbers, the oldest first."""
    while True:
        with read_cursor() as cursor:
            rows = [RecordedOutcome(*row) for row in run(cursor, AFTER, seq, ROWS_AT_ONCE).fetchall()]
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        seq = rows[-1].seq
