"""What is said to be late is what a turn would be recorded of: the same rules, in SQL and in the domain."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import BOTH_DATABASES
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from memory import HEART_RATE, MINUTE, NAMES, NOW

from fcv_api.domain.stays import CLOSED_AFTER, Stay, closed_since, slot_of
from fcv_api.extensions.cursors import read_cursor, run, write_cursor
from fcv_api.feed import status, stays
from fcv_api.feed.beds import by_place

pytestmark = pytest.mark.usefixtures("empty_database")
STAY = f"INSERT INTO stays ({stays.COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
OBSERVATION = """INSERT INTO observations
    (encounter, sign, at, source, channel, name, value, unit, flag, status, sent_at, received_at)
    VALUES (?, ?, ?, ?, '', ?, 80, '', '', 'F', ?, ?)"""
AGO = st.sampled_from([-1, 0, 1, 4, 5, 6, 10, 11, 60, 719, 720, 721])
"""Minutes before the slot's end, at and beside the ends of slots and of twelve hours."""

LAST_HEARD_TWELVE_HOURS_AGO = Stay(1, "api:ana", None, None, *[NOW - CLOSED_AFTER] * 3)


@st.composite
def observed(draw: st.DrawFn, encounter: int) -> tuple[Stay, int | None]:
    """Make a stay in one of two beds, or in none, and the last slot that was scored of it."""
    moving, static = (NOW - draw(AGO) * MINUTE for _ in range(2))
    bed = draw(st.sampled_from(["B1", "B2", None]))
    at = None if bed is None else draw(st.sampled_from([moving, static]))
    ended = draw(st.none() | st.builds(lambda ago: NOW - ago * MINUTE, AGO))
    times = min(moving, static), max(moving, static), moving
    return Stay(encounter, "api:ana", bed, at, *times, ended, None), draw(
        st.sampled_from([None, NOW, NOW - 5 * MINUTE])
    )


def write(found: list[tuple[Stay, int | None]]) -> None:
    with write_cursor() as cursor:
        for table in ("stays", "placements", "observations", "turns"):
            run(cursor, f"DELETE FROM {table}")
        for stay, last in found:
            cells: tuple[Any, ...] = (stay.opened_at, stay.seen_at, stay.moving_at, stay.ended_at, stay.corrected_at)
            run(cursor, STAY, stay.id, stay.source, stay.bed, stay.bed_at, *cells)
            moving = stay.moving_at
            run(cursor, OBSERVATION, stay.id, HEART_RATE, moving, stay.source, NAMES[HEART_RATE], moving, 0)
            if stay.bed_at is not None:
                run(cursor, stays.PLACED, stay.source, stay.bed, slot_of(stay.bed_at), stay.id)
            if last is not None:
                run(cursor, "INSERT INTO turns (encounter, last_slot) VALUES (?, ?)", stay.id, last)


@BOTH_DATABASES
@given(found=st.tuples(observed(1), observed(2), observed(3)))
@example(found=((LAST_HEARD_TWELVE_HOURS_AGO, None),))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_turn_is_late_where_its_stay_is_open_and_a_row_of_it_was_not_scored(
    found: tuple[tuple[Stay, int | None], ...],
) -> None:
    write([*found])
    with read_cursor() as cursor:
        near = by_place([stay for stay, _last in found], stays.beside(cursor, NOW - 2 * CLOSED_AFTER))
    wanted = [
        stay.id
        for stay, last in found
        if closed_since(stay, near[stay.id], NOW) is None and (last or 0) < (stay.moving_at or 0) <= NOW
    ]
    assert status.late(NOW, NOW + 2 * MINUTE) == len(wanted)
