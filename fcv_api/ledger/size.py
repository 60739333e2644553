"""How large the record is, and how far it is published: numbers that are cheap enough for each minute."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from fcv_api.extensions.cursors import on_sqlite, read_cursor, run
from fcv_api.ledger.record import utc_moment

RECORDS = """SELECT (SELECT COALESCE(MAX(seq), 0) FROM predictions), COALESCE(MAX(seq), 0), COALESCE(SUM(count), 0)
    FROM ledger_checkpoints"""
HEAD = "SELECT seq, at FROM ledger_heads ORDER BY seq DESC LIMIT 1"
PAGES = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
DATABASE = "SELECT pg_database_size(current_database())"


class Size(NamedTuple):
    """records: that are kept. unpublished: since the newest head in the log, which is of head_at; None without one.

    bytes: of the whole database.
    """

    records: int
    unpublished: int
    head_at: datetime | None
    bytes: int


def size() -> Size:
    """Read it. Records are numbered without gaps, so nothing is counted."""
    with read_cursor() as cursor:
        newest, purged_up_to, purged = map(int, run(cursor, RECORDS).fetchone())
        seq, at = run(cursor, HEAD).fetchone() or (0, None)
        (total,) = run(cursor, PAGES if on_sqlite(cursor) else DATABASE).fetchone()
    last = max(newest, purged_up_to)
    return Size(last - purged, last - int(seq), at and utc_moment(at), int(total))
