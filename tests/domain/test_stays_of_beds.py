"""Whose bed it is, whatever order the observations came in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fcv_api.domain.stays import MINUTE, Placement, Stay, closed_since, conflict_since, slot_of

NOW = 100 * 60 * MINUTE
STAY = Stay(1, "api:ana", "B1", NOW - MINUTE, NOW - 60 * MINUTE, NOW - MINUTE, NOW - MINUTE)
OWN = Placement("api:ana", "B1", slot_of(NOW - MINUTE), 1)


def test_a_slot_is_closed_at_its_end() -> None:
    assert [slot_of(minute * MINUTE) for minute in (0, 1, 5, 6)] == [0, 5 * MINUTE, 5 * MINUTE, 10 * MINUTE]


def test_a_stay_that_is_alone_in_its_bed_is_open() -> None:
    assert closed_since(STAY, [OWN], NOW) is None
    assert conflict_since(STAY, [OWN], ()) is None


def test_the_next_stay_in_its_bed_closes_it_and_an_earlier_one_does_not() -> None:
    later, earlier = (replace(OWN, encounter=2, slot=OWN.slot + step * MINUTE) for step in (5, -5))
    assert closed_since(STAY, [OWN, later], NOW) == OWN.slot
    assert closed_since(STAY, [OWN, earlier], NOW) is None


@pytest.mark.parametrize("other", [replace(OWN, source="api:bea"), replace(OWN, bed="B2")])
def test_a_bed_of_another_source_or_name_is_another_bed(other: Placement) -> None:
    assert closed_since(STAY, [replace(other, encounter=2, slot=OWN.slot + 5 * MINUTE)], NOW) is None
    assert conflict_since(STAY, [OWN, replace(other, encounter=2)], ()) is None


def test_twelve_hours_of_silence_close_it() -> None:
    silent = replace(STAY, seen_at=NOW - 12 * 60 * MINUTE)
    assert closed_since(silent, [], NOW) == NOW
    assert closed_since(replace(silent, seen_at=silent.seen_at + 1), [], NOW) is None


def test_what_was_closed_is_opened_by_what_is_over_five_minutes_newer() -> None:
    closed = replace(STAY, ended_at=STAY.seen_at - 5 * MINUTE)
    assert closed_since(closed, [OWN], NOW) == closed.ended_at
    assert closed_since(replace(closed, seen_at=closed.seen_at + 1), [OWN], NOW) is None


def test_a_bed_with_two_stays_within_one_slot_is_a_conflict_of_both() -> None:
    other = replace(STAY, id=2)
    both = [OWN, replace(OWN, encounter=2)]
    assert conflict_since(STAY, both, ()) == conflict_since(other, both, ()) == OWN.slot - 5 * MINUTE
    assert closed_since(STAY, both, NOW) is None


def test_a_stay_in_two_beds_within_one_slot_is_a_conflict() -> None:
    assert conflict_since(STAY, [OWN, replace(OWN, bed="B2")], ()) is not None
    assert conflict_since(STAY, [OWN, replace(OWN, bed="B2", slot=OWN.slot - 5 * MINUTE)], ()) is None


def test_a_conflict_ends_with_the_next_slot_and_when_the_other_stay_is_closed() -> None:
    both = [OWN, replace(OWN, encounter=2)]
    assert conflict_since(replace(STAY, bed_at=NOW + 2 * MINUTE), both, ()) is None
    assert conflict_since(STAY, both, {2}) is None
