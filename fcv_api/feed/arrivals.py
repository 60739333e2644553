"""What arrivals say of the clock, kept for all hosts: one row, written every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fcv_api.domain.arrivals import GAP, Clock
from fcv_api.domain.stays import is_of_test
from fcv_api.extensions.cursors import run

OFTEN = 5_000_000
"""Microseconds for which the row may be behind: every request would wait for the others at it."""
READ = "SELECT newest_at, doubted, agreeing_since FROM feed_arrivals WHERE id = 1"
WRITE = """INSERT INTO feed_arrivals (id, newest_at, doubted, agreeing_since) VALUES (1, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
    newest_at = excluded.newest_at, doubted = excluded.doubted, agreeing_since = excluded.agreeing_since"""


def read(cursor: Any) -> Clock | None:  # noqa: ANN401 - a driver's cursor
    """Return what is known; None before the first arrival."""
    row = run(cursor, READ).fetchone()
    return Clock(row[0], bool(row[1]), row[2]) if row else None


def after(before: Clock | None, source: str, now: int, times: Sequence[int]) -> Clock | None:
    """Return what an arrival of observations with these times says of the clock. One without any says nothing.

    A test source whose times are far from it says nothing either: real beds would not be scored for its clock.
    """
    if not times or (is_of_test(source) and abs(now - max(times)) > GAP):
        return before
    return Clock(now) if before is None else before.after(now, max(times))


def write(cursor: Any, before: Clock | None, after: Clock) -> None:  # noqa: ANN401
    """Write what is known now, where it matters."""
    near = before is not None and abs(after.newest_at - before.newest_at) < OFTEN
    if before and near and replace(after, newest_at=before.newest_at) == before:
        return
    run(cursor, WRITE, after.newest_at, after.doubted, after.agreeing_since)
