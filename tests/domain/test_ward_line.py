"""The line of six hours."""

from __future__ import annotations

from wards import MODEL, NOW, SCORES, outcome

from fcv_api.domain.prediction import State
from fcv_api.domain.stays import SLOT
from fcv_api.domain.ward_line import SLOTS, Point, point_of, six_hours
from fcv_api.domain.ward_score import Level, Outcome, Shows


def points(*slots: int, level: Level = Level.QUIET, risk: float | None = None) -> list[Point]:
    """Return points by the number of their slot: 71 is that of now."""
    return [Point(NOW - (SLOTS - 1 - slot) * SLOT, level, scored=True, risk=risk) for slot in slots]


def test_a_gap_breaks_the_line() -> None:
    assert six_hours(points(0, 1, 2, 5, 70, 71), NOW).scored == ((0, 2), (5, 5), (70, 71))


def test_what_is_older_than_six_hours_is_not_on_it() -> None:
    assert six_hours(points(-1, 0), NOW).scored == ((0, 0),)


def test_a_refusal_is_a_gap() -> None:
    refusal = Outcome("r", NOW, "missing-signs")
    assert six_hours([point_of(refusal, SCORES)], NOW).scored == ()


def test_of_several_records_in_a_slot_the_loudest_holds() -> None:
    both = [*points(71, level=Level.CRITICAL), *points(71, level=Level.DATA)]
    assert six_hours(both, NOW).warned == ((71, Level.CRITICAL),)


def test_the_line_counts_what_it_says_in_words() -> None:
    line = six_hours([*points(1, 2), *points(3, level=Level.WARNING)], NOW)
    assert (line.count, line.warned_at(Level.WARNING), line.warned_at(Level.CRITICAL)) == (3, 1, 0)


def test_no_risk_is_drawn_where_its_number_may_not_stand() -> None:
    assert point_of(outcome(), SCORES).risk is not None
    assert point_of(outcome(state=State.NONE_OF_THESE), SCORES).risk is not None
    forbidden = [(outcome("stale"), SCORES), (outcome(), Shows(attested=MODEL)), (outcome(), Shows(scores=True))]
    assert [point_of(*each).risk for each in forbidden] == [None, None, None]


def test_no_risk_is_joined_across_a_gap() -> None:
    line = six_hours(points(1, 2, 4, risk=0.5), NOW)
    assert line.risks == (((1, 0.5), (2, 0.5)), ((4, 0.5),))
