"""What is known of each bed."""

from __future__ import annotations

import pytest
from conftest import BOTH_DATABASES
from memory import HEIGHT, HOUR, MINUTE, NOW, observation, post

from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import stays
from fcv_api.feed.beds import now_known

pytestmark = pytest.mark.usefixtures("empty_database")


def listed(now: int = NOW) -> list[tuple[int | None, str | None, str, str | None]]:
    return [(each.encounter, each.bed, each.status.value, each.reason) for each in now_known(now)]


def unnamed(bed: str, minutes: float) -> None:
    with write_cursor() as cursor:
        stays.unnamed(cursor, "api:ana", [(bed, NOW - round(minutes * MINUTE))])


@BOTH_DATABASES
def test_an_open_stay_waits_for_its_score_and_is_silent_after_ten_minutes() -> None:
    post(observation(bed="B1"))
    assert listed() == [(1, "B1", "not_scored", "not-scored-yet")]
    assert listed(NOW + 10 * MINUTE) == [(1, "B1", "silent", None)]
    assert now_known(NOW + 10 * MINUTE)[0].since == NOW


@BOTH_DATABASES
def test_the_next_stay_in_a_bed_closes_the_one_before_whichever_is_sent_first() -> None:
    post(observation(bed="B1"), encounter=2)
    post(observation(minutes=30, bed="B1"), encounter=1)
    assert listed() == [(1, "B1", "closed", None), (2, "B1", "not_scored", "not-scored-yet")]


@BOTH_DATABASES
def test_two_stays_in_a_bed_within_a_slot_are_a_conflict_until_the_next_slot() -> None:
    post(observation(minutes=1, bed="B1"), encounter=1)
    post(observation(bed="B1"), encounter=2)
    conflict = "not_scored", "identity-conflict"
    assert listed() == [(1, "B1", *conflict), (2, "B1", *conflict)]
    post(observation(minutes=-1, bed="B1"), encounter=2)
    assert listed() == [(1, "B1", "closed", None), (2, "B1", "not_scored", "not-scored-yet")]


@BOTH_DATABASES
def test_a_stay_in_two_beds_within_a_slot_is_a_conflict_until_it_is_closed() -> None:
    post(observation(minutes=1, bed="B1"), observation(bed="B2"))
    assert listed() == [(1, "B2", "not_scored", "identity-conflict")]
    stays.close(1, NOW)
    assert listed() == [(1, "B2", "closed", None)]


def test_closing_one_of_two_stays_ends_the_conflict_of_the_other() -> None:
    for encounter in (1, 2):
        post(observation(bed="B1"), encounter=encounter)
    stays.close(1, NOW)
    assert listed()[1] == (2, "B1", "not_scored", "not-scored-yet")


@BOTH_DATABASES
def test_a_bed_without_a_patient_is_listed_until_one_is_named() -> None:
    unnamed("B1", 3)
    unnamed("B1", 1)
    assert listed() == [(None, "B1", "no_patient", None)]
    assert (now_known(NOW)[0].since, now_known(NOW)[0].newest) == (NOW - 3 * MINUTE, NOW - MINUTE)
    post(observation(bed="B1"))
    assert listed() == [(1, "B1", "not_scored", "not-scored-yet")]


def test_a_closed_stay_is_listed_for_twelve_hours() -> None:
    post(observation())
    assert listed(NOW + 12 * HOUR) == [(1, None, "closed", None)]
    assert listed(NOW + 24 * HOUR) == []


def test_a_height_of_last_month_opens_its_stay_with_the_first_moving_sign() -> None:
    post(observation(180.0, minutes=30 * 24 * 60, sign=HEIGHT))
    assert listed() == []
    post(observation())
    assert listed() == [(1, None, "not_scored", "not-scored-yet")]
