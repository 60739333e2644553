"""One name and one channel of a sign serve the whole window."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.domain.channels import BEAT_RATE, HEART_RATE, Observed, channel_order, chosen
from fcv_api.domain.vitals import INDEX_BY_NAME

STEP = np.timedelta64(5, "m")
START = np.datetime64("2024-03-03T10:00", "us")
Row = tuple[str, str, int, float]
"""Name, channel, minutes from the start, value."""


def observed(*rows: Row) -> Observed:
    names, channels, minutes, values = zip(*rows, strict=True)
    instants = START + np.array(minutes, dtype="timedelta64[m]")
    signs = np.array([INDEX_BY_NAME[HEART_RATE if name == BEAT_RATE else name] for name in names])
    return Observed(signs, np.array(values), instants, list(zip(names, channels, strict=True)))


def kept(*rows: Row) -> set[tuple[str, str]]:
    found = observed(*rows)
    mask = chosen(found, START, STEP)
    return {source for source, is_kept in zip(found.sources, mask, strict=True) if is_kept}


def test_the_heart_rate_goes_by_its_own_name_where_it_is_there_at_all() -> None:
    others = [(BEAT_RATE, "1", minute, 80.0) for minute in range(5, 60, 5)]
    assert kept(*others) == {(BEAT_RATE, "1")}
    assert kept(*others, (HEART_RATE, "9", 30, 80.0)) == {(HEART_RATE, "9")}


def test_the_channel_with_most_slots_serves_and_not_that_with_most_values() -> None:
    many = [(HEART_RATE, "1", minute, 80.0) for minute in (1, 2, 3, 4, 5)]
    assert kept(*many, (HEART_RATE, "2", 5, 90.0), (HEART_RATE, "2", 10, 90.0)) == {(HEART_RATE, "2")}


def test_of_equal_channels_the_lower_one_serves() -> None:
    assert kept((HEART_RATE, "1.10", 5, 80.0), (HEART_RATE, "1.9", 5, 90.0)) == {(HEART_RATE, "1.9")}


def test_values_outside_the_limits_and_before_the_window_count_for_no_channel() -> None:
    before = [(HEART_RATE, "1", minute, 80.0) for minute in (-10, -5, 0)]
    outside = [(HEART_RATE, "3", minute, 900.0) for minute in (5, 10, 15)]
    assert kept(*before, *outside, (HEART_RATE, "2", 5, 80.0)) == {(HEART_RATE, "2")}


def test_a_sign_without_a_value_in_the_window_is_chosen_from_all() -> None:
    assert kept(("MDC_TEMP", "2", -60, 37.0), ("MDC_TEMP", "1", -90, 36.0)) == {("MDC_TEMP", "1")}


def test_each_sign_has_a_channel_of_its_own() -> None:
    assert kept((HEART_RATE, "2", 5, 80.0), ("MDC_TEMP", "1", 5, 37.0)) == {(HEART_RATE, "2"), ("MDC_TEMP", "1")}


@pytest.mark.parametrize("order", [["", "1", "1.1", "1.2", "1.10", "2", "10", "a", "b"]])
def test_channels_are_ordered_part_by_part_as_numbers(order: list[str]) -> None:
    assert sorted([*order[3:], *order[:3]], key=channel_order) == order
