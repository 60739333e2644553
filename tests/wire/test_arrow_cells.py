"""Arrow's columns as cells: what each writer of Parquet makes of a number, a text and a time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from fcv_api.wire.arrow_cells import cells_of, plain
from fcv_api.wire.columns import read_times
from fcv_api.wire.csv_rows import COMMA
from fcv_api.wire.table import Distinct

BOGOTA = ZoneInfo("America/Bogota")
NANOSECONDS = [-1, -1_001, 1_709_458_361_123_456_789, None]
WHEN = datetime(2024, 3, 3, 9, 32, 41)  # noqa: DTZ001 - a wall clock


def cells(column: Any, name: str = "valor") -> list[Any]:
    return cells_of(plain(column), name, COMMA)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_each_unit_are_wall_clocks_or_instants(unit: str) -> None:
    naive = pa.array([WHEN, None]).cast(pa.timestamp(unit))
    zoned = pa.array([WHEN, None]).cast(pa.timestamp(unit, "Asia/Kolkata"))
    assert cells(naive, "fecRegistro") == ["2024-03-03 09:32:41", None]
    assert cells(zoned, "fecRegistro") == ["2024-03-03 09:32:41+00:00", None]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_nanoseconds_are_cut_as_those_of_a_text_are(zone: str | None) -> None:
    texts = ["1969-12-31 23:59:59.999999999", "1969-12-31 23:59:59.999998999", "2024-03-03 09:32:41.123456789"]
    offset = "" if zone is None else "Z"
    times = cells(pa.array(NANOSECONDS, pa.timestamp("ns", zone)), "fecRegistro")
    wanted = read_times(Distinct.of([text + offset for text in texts]), BOGOTA)
    assert read_times(Distinct.of(times[:3]), BOGOTA).instants.tolist() == wanted.instants.tolist()
    assert times[3] is None


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("number", [2**62, -(2**62), 2**63 - 1, -(2**63)])
def test_a_time_beyond_all_calendars_is_no_time(unit: str, number: int) -> None:
    (text,) = cells(pa.array([number], pa.timestamp(unit)), "fecRegistro")
    assert str(read_times(Distinct.of([text]), BOGOTA).instants[0]) == "NaT"


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_a_date_alone_is_its_text_which_is_no_time(kind: Any) -> None:
    assert cells(pa.array([date(2024, 3, 3)], kind), "fecRegistro") == ["2024-03-03"]


@pytest.mark.parametrize("kind", [pa.decimal128(10, 3), pa.decimal256(50, 3)])
def test_a_decimal_is_the_number_that_its_digits_mean(kind: Any) -> None:
    numbers = ["36.6", "0.1", "1234.567", "-0.001", None]
    column = pa.array([None if each is None else Decimal(each) for each in numbers], kind)
    assert cells(column) == [36.6, 0.1, 1234.567, -0.001, None]


@pytest.mark.parametrize(
    "kind",
    [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float16()],
)
def test_numbers_of_each_size_are_numbers(kind: Any) -> None:
    assert cells(pa.array([36, None]).cast(kind)) == [36, None]
    assert cells(pa.array([36, None]).cast(kind), "idSigno") == [36, None]


def test_a_floats_missing_value_is_null_and_its_zero_keeps_its_sign() -> None:
    assert cells(pa.array([float("nan"), None, 0.0, -0.0])).__repr__() == "[None, None, 0.0, -0.0]"


def test_true_is_no_number_and_an_empty_column_is_all_null() -> None:
    assert cells(pa.array([True, None])) == [True, None]
    assert cells(pa.nulls(2)) == [None, None]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(4)],
)
def test_texts_of_each_kind_are_read_as_csvs_are(kind: Any) -> None:
    column = pa.array([b"36.6", b"warm", None]).cast(kind)
    assert cells(column) == [36.6, "warm", None]
    if not pa.types.is_fixed_size_binary(kind) and "view" not in str(kind):
        assert cells(column.dictionary_encode()) == [36.6, "warm", None]
