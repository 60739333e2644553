"""Whether anything changed in the memory of beds that a page shows: a few counts and sums, soon read."""

from __future__ import annotations

from typing import Any

from fcv_api.domain.stays import CLOSED_AFTER, SLOT
from fcv_api.extensions.cursors import read_cursor, run

STAYS = "SELECT COUNT(*), SUM(corrected_at / 1000), SUM(closed_at / 1000) FROM stays WHERE seen_at >= ?"
"""Sums, for hosts' clocks differ: a later correction may bear an earlier time than that of another stay."""
OTHERS = """SELECT (SELECT COUNT(*) FROM placements WHERE slot >= ?), (SELECT COUNT(*) FROM unnamed_beds),
    (SELECT COUNT(*) FROM feed_sources WHERE last_message_at < ?)"""


def changes(now: int, silent_after: int) -> tuple[Any, ...]:
    """Return what differs when stays, corrections, closings, beds or silent sources do. Times are in microseconds.

    What follows from the clock alone, such as a stay's silence, is not in it.
    """
    with read_cursor() as cursor:
        stays = run(cursor, STAYS, now - 2 * CLOSED_AFTER).fetchone()
        others = run(cursor, OTHERS, now - 6 * SLOT, now - silent_after).fetchone()
    return (*stays, *others)
