"""What was measured of a stay in each slot, and whether anything changed."""

from __future__ import annotations

import pytest
from conftest import BOTH_DATABASES
from memory import HEIGHT, HOUR, MINUTE, NOW, observation, post

from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import stays
from fcv_api.feed.changes import changes
from fcv_api.feed.measured import Slots, measured

pytestmark = pytest.mark.usefixtures("empty_database")


def heart_rates(hours: int = 6) -> Slots:
    return measured(1, NOW - hours * HOUR, NOW)["MDC_ECG_HEART_RATE"]


@BOTH_DATABASES
def test_the_last_value_of_a_slot_is_drawn_and_a_gap_stays_one() -> None:
    post(observation(80, 1), observation(90, 0), observation(70, 11))
    assert heart_rates() == {NOW - 10 * MINUTE: 70.0, NOW: 90.0}


@BOTH_DATABASES
def test_what_was_deleted_or_is_no_measurement_is_not_drawn() -> None:
    post(observation(80, 10), observation(400, 5), observation(75, 0))
    post(observation(None, 0, status="D"))
    assert heart_rates() == {NOW - 10 * MINUTE: 80.0}


def test_one_channel_is_drawn_as_a_window_reads_it() -> None:
    post(observation(80, 10, channel="1"), observation(81, 5, channel="1"), observation(40, 5, channel="2"))
    assert list(heart_rates().values()) == [80.0, 81.0]


def test_what_is_older_is_left_out_and_height_is_not() -> None:
    post(observation(80, 7 * 60), observation(81, 5), observation(170, 7 * 60, sign=HEIGHT))
    assert list(heart_rates().values()) == [81.0]
    assert list(measured(1, NOW - 6 * HOUR, NOW)["MDC_LEN_BODY_ACTUAL"].values()) == [170.0]


@BOTH_DATABASES
def test_a_correction_a_closing_or_another_bed_is_a_change_and_one_more_value_is_none() -> None:
    found = [changes(NOW, 3 * MINUTE)]
    post(observation(80, 6, bed="B1"))
    found.append(changes(NOW, 3 * MINUTE))
    post(observation(81, 5.5, bed="B1"))
    assert changes(NOW, 3 * MINUTE) == found[-1]
    post(observation(82, 6, bed="B1", status="C"))
    found.append(changes(NOW, 3 * MINUTE))
    post(observation(81, 5, bed="B2"))
    found.append(changes(NOW, 3 * MINUTE))
    stays.close(1, NOW)
    found.append(changes(NOW, 3 * MINUTE))
    with write_cursor() as cursor:
        stays.unnamed(cursor, "api:ana", [("B9", NOW)])
    found.append(changes(NOW, 3 * MINUTE))
    found.append(changes(NOW + HOUR, 3 * MINUTE))
    assert len(set(found)) == len(found)
