"""Times read from their bytes: what NumPy reads in their texts, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fcv_api.wire.byte_times import local_times
from fcv_api.wire.find_rows import find_rows

FIRST, LAST = datetime.fromisoformat("1890-01-01"), datetime.fromisoformat("2210-12-31")
MOMENT = st.datetimes(FIRST, LAST).map(lambda time: time.replace(microsecond=0))


def read(*texts: str) -> NDArray[np.datetime64] | None:
    column = find_rows(orjson.dumps({str(row): text for row, text in enumerate(texts)}))
    assert column is not None
    return local_times(column)


@settings(max_examples=300)
@given(first=MOMENT, steps=st.lists(st.integers(0, 200 * 86_400), max_size=5), separator=st.sampled_from(" T"))
def test_times_are_read_as_numpy_reads_them(first: datetime, steps: list[int], separator: str) -> None:
    texts = [(first + timedelta(seconds=step)).isoformat(separator) for step in (0, *steps)]
    np.testing.assert_array_equal(read(*texts), np.array(texts, dtype="datetime64[us]"))


@settings(max_examples=1000)
@given(first=MOMENT, place=st.integers(0, 18), letter=st.characters(codec="latin-1", exclude_categories=["Cc"]))
def test_a_time_with_another_letter_is_read_as_numpy_reads_it_or_not_at_all(
    first: datetime, place: int, letter: str
) -> None:
    text = str(first)
    text = text[:place] + letter + text[place + 1 :]
    if letter in '"\\':
        return
    found = read(str(first), text)
    if found is not None:
        np.testing.assert_array_equal(found, np.array([str(first), text], dtype="datetime64[us]"))


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30 09:30:00",
        "2023-02-29 09:30:00",
        "2024-00-10 09:30:00",
        "2024-13-10 09:30:00",
        "2024-03-00 09:30:00",
        "2024-04-31 09:30:00",
        "2024-03-03 24:00:00",
        "2024-03-03 09:60:00",
        "2024-03-03 09:30:60",
        "2024-03-03 09:30:0",
        "2024-03-03 09:30:00Z",
        "2024-03-03_09:30:00",
        "2024/03/03 09:30:00",
        "2024-03-03 09:30;00",
        "2024-03-0: 09:30:00",
        "",
    ],
)
def test_what_is_no_plain_time_is_looked_at_by_itself(text: str) -> None:
    assert read("2024-03-03 09:30:00", text) is None


def test_the_29th_of_february_is_a_day_of_leap_years() -> None:
    found = read("2024-02-29 23:59:59", "2024-12-31 00:00:00")
    assert found is not None
    assert found.astype(str).tolist() == ["2024-02-29T23:59:59.000000", "2024-12-31T00:00:00.000000"]
