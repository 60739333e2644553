"""Times: instants, whatever clock wrote them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fcv_api.domain.bad_cells import AmbiguousTime, BadCells, Cell, InvalidRows, MixedTimeZones
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.cells import parse_time
from fcv_api.wire.columns import read_times
from fcv_api.wire.encounters import EncounterIndex, read_encounters
from fcv_api.wire.table import Distinct, Table

MADRID, BOGOTA = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Bogota")


def utc(*texts: str, zone: ZoneInfo = BOGOTA) -> list[str]:
    return [str(instant)[:19] for instant in read_times(Distinct.of(list(texts)), zone).instants]


def refused(*cells: object, zone: ZoneInfo = BOGOTA) -> BadCells:
    """Return why an encounter of temperatures at these times cannot be read."""
    rows = len(cells)
    columns: dict[str, list[Any]] = {
        "nomSigno": ["MDC_TEMP"] * rows,
        "valor": [36.6] * rows,
        "fecRegistro": list(cells),
    }
    table = Table([str(row) for row in range(rows)], columns)
    (outcome,) = read_encounters(table, EncounterIndex.of_one(7, rows), zone)
    assert isinstance(outcome, Refusal)
    assert isinstance(outcome.reason, BadCells)
    return outcome.reason


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-03 09:32:41", "2024-03-03T14:32:41"),
        ("2024-03-03T09:32:41", "2024-03-03T14:32:41"),
        ("2024-03-03 09:32", "2024-03-03T14:32:00"),
        ("2024-03-03 09:32:41.5", "2024-03-03T14:32:41"),
        ("2024-03-03 09:32:41,123456789", "2024-03-03T14:32:41"),
        ("2024-03-03T09:32:41Z", "2024-03-03T09:32:41"),
        ("2024-03-03 09:32:41+05:30", "2024-03-03T04:02:41"),
        ("2024-03-03 09:32:41-0500", "2024-03-03T14:32:41"),
        ("2024-03-03 09:32:41-05", "2024-03-03T14:32:41"),
        ("2024-02-29 23:59:59", "2024-03-01T04:59:59"),
    ],
)
def test_a_time_is_read_by_the_wards_clock_or_by_its_own_offset(text: str, instant: str) -> None:
    assert utc(text) == [instant]


@pytest.mark.parametrize(
    "text",
    [
        *("now", "2024-03-03", "09:32:41", "2024-3-3 9:32:41", "03/03/2024 09:32:41", "20240303T093241"),
        *("2024-02-31 09:32:41", "2023-02-29 09:32:41", "2024-13-01 09:32:41", "2024-00-01 09:32:41"),
        *("2024-03-03 24:00:00", "2024-03-03 09:60:00", "2024-03-03 09:32:60", "2024-03-03 09:32:41+99:00"),
        *("9999-12-31 23:59:59", "0001-01-01 00:00:00", "1899-12-31 23:59:59", "2200-01-01 00:00:00"),
        *("2024-03-03 09:32:41 UTC", "2024-03-0309:32:41", "\u00b2024-03-03 09:32:41 "),
        "2024-03-03 09:32:41\n2024-03-03 09:32:41",
        "2024-03-03 09:32:41.",
        "-024-03-03 09:32:41",
    ],
    ids=ascii,
)
def test_any_other_text_is_refused_by_its_row(text: str) -> None:
    for others in ([], ["2024-03-03 09:32:41"]):
        fact = refused(*others, text)
        assert isinstance(fact, InvalidRows)
        assert fact.cells == (Cell("fecRegistro", str(len(others)), "is not a time such as 2024-03-03 09:32:41"),)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (None, "null"),
        ("", "null"),
        (" NULL ", "null"),
        (20240303, "a number"),
        (True, "true or false"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_a_time_that_is_not_text_is_refused_by_its_row(cell: object, told: str) -> None:
    assert refused("2024-03-03 09:32:41", cell).cells == (
        Cell("fecRegistro", "1", f"must be a time such as 2024-03-03 09:32:41, not {told}"),
    )


def test_times_come_out_by_their_rows_however_they_repeat() -> None:
    late, early = "2024-03-03 10:00:00", "2024-03-03 09:00:00"
    assert utc(late, early, late) == ["2024-03-03T15:00:00", "2024-03-03T14:00:00", "2024-03-03T15:00:00"]


def test_fractions_are_kept_to_the_microsecond() -> None:
    (instant,) = read_times(Distinct.of(["2024-03-03 09:32:41.123456"]), BOGOTA).instants
    assert str(instant) == "2024-03-03T14:32:41.123456"


def test_blanks_at_a_times_ends_say_nothing() -> None:
    assert (
        utc(" 2024-03-03 09:32:41", "2024-03-03 09:32:41\n", "\u00a02024-03-03 09:32:41") == ["2024-03-03T14:32:41"] * 3
    )


def test_no_rows_have_no_times() -> None:
    assert read_times(Distinct.of([]), BOGOTA).instants.shape == (0,)


def test_times_with_offsets_are_told_from_those_without() -> None:
    assert read_times(Distinct.of(["2024-03-03 09:32:41"]), BOGOTA).naive.tolist() == [True]
    assert read_times(Distinct.of(["2024-03-03 09:32:41Z", "2024-03-03 09:32:41-05:00"]), BOGOTA).naive.tolist() == [
        False,
        False,
    ]


def test_a_naive_time_among_zoned_ones_is_refused_by_its_row() -> None:
    fact = refused("2024-03-03 09:32:41Z", "2024-03-03 09:32:41")
    assert isinstance(fact, MixedTimeZones)
    assert fact.cells == (Cell("fecRegistro", "1", "says no offset from UTC, and other rows do"),)


@pytest.mark.parametrize("text", ["2024-10-27 02:00:00", "2024-10-27 02:30:00", "2024-10-27T02:59:59.9"])
def test_a_time_that_the_clock_showed_twice_is_refused_by_its_row(text: str) -> None:
    fact = refused("2024-10-27 01:59:59", text, zone=MADRID)
    reason = "was shown twice or never by clocks in Europe/Madrid; send times with their offset"
    assert isinstance(fact, AmbiguousTime)
    assert fact.cells == (Cell("fecRegistro", "1", reason),)


def test_the_hour_that_came_twice_is_accepted_with_offsets_or_in_a_zone_without_summer_time() -> None:
    assert utc("2024-10-27 02:30:00+02:00", "2024-10-27 02:30:00+01:00", zone=MADRID) == [
        "2024-10-27T00:30:00",
        "2024-10-27T01:30:00",
    ]
    assert utc("2024-10-27 02:30:00", zone=BOGOTA) == ["2024-10-27T07:30:00"]


def test_the_night_when_clocks_change_keeps_its_true_order() -> None:
    spring = utc("2024-03-31 01:59:00", "2024-03-31 03:01:00", zone=MADRID)
    autumn = utc("2024-10-27 01:59:00", "2024-10-27 03:01:00", zone=MADRID)
    assert spring == ["2024-03-31T00:59:00", "2024-03-31T01:01:00"]
    assert autumn == ["2024-10-26T23:59:00", "2024-10-27T02:01:00"]


@given(st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)), min_size=1, max_size=5))  # noqa: DTZ001
def test_reading_all_at_once_gives_what_each_text_gives_by_itself(times: list[datetime]) -> None:
    """The quick way for texts without an offset, against the standard library."""
    changes = [datetime(2024, month, day, tzinfo=UTC).date() for month, day in ((3, 31), (10, 27))]
    unambiguous = [time.replace(microsecond=0) for time in times if time.date() not in changes]
    instants = read_times(Distinct.of(list(map(str, unambiguous))), MADRID).instants
    wanted = [time.replace(tzinfo=MADRID).astimezone(UTC).replace(tzinfo=None) for time in unambiguous]
    assert instants.tolist() == wanted


@given(st.integers(0, 6 * 24 * 60))
def test_a_week_that_spans_the_change_of_clocks_is_as_long_as_it_was(minutes: int) -> None:
    """Local texts without an offset: the clocks of Madrid were set back at 01:00 UTC of the 27th."""
    start = datetime(2024, 10, 24, tzinfo=UTC)
    moments = [start, start + timedelta(minutes=minutes)]
    assume(not datetime(2024, 10, 27, tzinfo=UTC) <= moments[1] < datetime(2024, 10, 27, 2, tzinfo=UTC))
    texts = [moment.astimezone(MADRID).replace(tzinfo=None).isoformat(" ") for moment in moments]
    first, last = read_times(Distinct.of(texts), MADRID).instants
    assert (last - first).item() == timedelta(minutes=minutes)


@pytest.mark.parametrize("first", ["2024-03-03T09:32:41-05:00", "2024-03-03 09:32:41.5", "2024-03-03 09:32:41"])
@pytest.mark.parametrize("wrong", [None, 5, [], {}])
def test_a_cell_that_is_no_text_is_refused_whatever_stands_before_it(first: str, wrong: object) -> None:
    assert "must be a time" in str(refused(first, wrong, zone=MADRID))


def test_an_hour_that_the_clocks_left_out_is_refused() -> None:
    assert "twice or never" in str(refused("2024-03-31 02:30:00", "2024-03-31 03:30:00", zone=MADRID))


def test_a_text_that_is_no_time_is_none() -> None:
    assert parse_time("2024-02-31 00:00:00") is None
    assert parse_time("2024-03-01 00:00:00") == datetime(2024, 3, 1)  # noqa: DTZ001 - as sent
