"""A column's cells, found in its bytes: what a parser gives, or nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.byte_words import LONGEST, Texts
from fcv_api.wire.find_rows import find_rows

LIKE_EXPORTS = [(",", ":"), (", ", ": ")]
NUMBER = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9).map(lambda number: round(number, 3)) | st.none()
TEXT = st.text("MDC_TEMP é{}[]:,'", max_size=12)
CELL = NUMBER | TEXT | st.booleans() | st.lists(NUMBER | TEXT, max_size=2) | st.dictionaries(TEXT, NUMBER, max_size=2)
KEY = st.integers(-10, 10**8).map(str) | st.text("0123456789 -é:,{}", max_size=9)
COLUMN = st.one_of([st.dictionaries(KEY, cell, min_size=1, max_size=9) for cell in (NUMBER, TEXT, CELL)])
NAMES = [b"MDC_TEMP", b"MDC_ECG_HEART_RATE", b"MDC_ECG_HEART_RATF", b"MDC_LEN_BODY_ACTUAL_"]


def found(column: dict[str, Any], separators: tuple[str, str] = (",", ":")) -> ByteRows:
    rows = find_rows(json.dumps(column, ensure_ascii=False, separators=separators).encode())
    assert rows is not None
    return rows


@settings(max_examples=800, deadline=None)
@given(column=COLUMN, separators=st.sampled_from([*LIKE_EXPORTS, (" , ", " : "), (",\n", ":\t")]), data=st.data())
def test_rows_are_those_of_a_parser_or_none(
    column: dict[str, Any], separators: tuple[str, str], data: st.DataObject
) -> None:
    body = json.dumps(column, ensure_ascii=False, separators=separators).encode()
    rows = find_rows(body)
    if rows is None:
        return
    wanted = orjson.loads(body)
    cells = list(wanted.values())
    assert list(rows) == list(wanted)
    assert repr(rows.cells) == repr(cells)
    some = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells))))
    assert repr(rows.where(some)) == repr([cell for cell, is_wanted in zip(cells, some, strict=True) if is_wanted])
    heads, lengths = rows.runs()
    assert [repr(cell) for cell, length in zip(heads, lengths, strict=True) for _ in range(length)] == [
        repr(cell) for cell in cells
    ]


@pytest.mark.parametrize("separators", LIKE_EXPORTS)
def test_what_exports_write_is_found(separators: tuple[str, str]) -> None:
    assert found({"0": 5.0, "17": None, "3": -100}, separators).cells == [5.0, None, -100]
    assert found({"a": "MDC_TEMP", "b": ""}, separators).cells == ["MDC_TEMP", ""]


@pytest.mark.parametrize(
    "column",
    [
        b"{}",
        b"[5.0]",
        b"null",
        b'{"0":{"1":5}}',
        b'{"0":{"1":5},"2":6}',
        b'{"0":5,"1":[{"2":6}]}',
        b'{"0":5,"0":6}',
        b'{"0":"x","1":null}',
        b'{"0":["MDC_TEMP"],"1":"x"}',
        b'{"":5}',
        b'{"123456789":5}',
        b'{"0":"\\u0041"}',
        b'{"\\u0030":5}',
        b'{"0":1e3}',
        b'{"0":' + b"9" * 33 + b"}",
    ],
)
def test_what_no_export_writes_is_left_to_a_parser(column: bytes) -> None:
    assert find_rows(column) is None


def test_a_text_is_found_by_all_its_bytes() -> None:
    names = [*(name.decode() for name in NAMES), "MDC_TEMQ", "", "MDC", "xMDC_TEMP", "MDC_ECG_HEARX_RATE"]
    column = found({str(row): name for row, name in enumerate(names)})
    assert column.find(Texts(NAMES)).tolist() == [0, 1, 2, 3, -1, -1, -1, -1, -1]


@settings(max_examples=100)
@given(texts=st.lists(st.sampled_from([name.decode() for name in NAMES]) | TEXT, min_size=1))
def test_texts_are_found_as_by_comparing_them(texts: list[str]) -> None:
    wanted = [NAMES.index(text.encode()) if text.encode() in NAMES else -1 for text in texts]
    assert found({str(row): text for row, text in enumerate(texts)}).find(Texts(NAMES)).tolist() == wanted


@pytest.mark.parametrize("cell", [150457, 15045, 150456.0, None, [150456]], ids=repr)
def test_codes_are_those_that_are_wanted_or_are_looked_at_by_themselves(cell: object) -> None:
    codes, everything = [b"150456", b"150344"], np.array([True, True, True])
    column = {"0": 150456, "1": 150344, "2": cell}
    rows = find_rows(orjson.dumps(column))
    assert rows is not None
    assert not rows.are(codes, np.array([0, 1, 0]), everything)
    assert rows.are(codes, np.array([0, 1]), np.array([True, True, False]))


@pytest.mark.parametrize("cell", [[5.0], {}], ids=repr)
def test_what_is_no_number_is_for_a_parser_to_explain(cell: object) -> None:
    rows = found({"0": 1.5, "1": cell})
    assert rows.numbers(np.array([True, True])) is None
    np.testing.assert_array_equal(rows.numbers(np.array([True, False])), [1.5])


def test_numbers_are_those_of_a_parser_and_null_is_nan() -> None:
    column = {"0": 36.6, "1": None, "2": -0.0, "3": 9007199254740993, "4": 0.1, "5": 97.33333333333333}
    wanted = np.array([36.6, np.nan, -0.0, 9007199254740993, 0.1, 97.33333333333333])
    numbers = found(column).numbers(np.full(6, fill_value=True))
    assert numbers is not None
    assert numbers.tobytes() == wanted.tobytes()


def test_columns_of_the_same_keys_share_them() -> None:
    first = found({"0": 5.0, "1": 6.0})
    second, other = find_rows(b'{"0":"a","1":"b"}', first), find_rows(b'{"1":"a","0":"b"}', first)
    assert second is not None
    assert other is not None
    assert second.row_keys is first.row_keys
    assert other.row_keys is not first.row_keys


@settings(max_examples=1500, deadline=None)
@given(keys=st.lists(KEY, min_size=1, max_size=5, unique=True), data=st.data())
def test_a_column_beside_one_of_the_same_rows_is_found_as_if_it_were_alone(
    keys: list[str], data: st.DataObject
) -> None:
    """Whatever parts its keys and cells, and whatever its cells hold; or it is left to a parser."""

    def column(cells: st.SearchStrategy[Any]) -> bytes:
        colon, comma = data.draw(st.sampled_from([":", ": "])), data.draw(st.sampled_from([",", ", "]))
        colons = st.sampled_from([colon, colon, colon, " :", ":\t"])
        commas = st.sampled_from([comma, comma, comma, " ,", ",\n"])
        parts = [json.dumps(key) + data.draw(colons) + json.dumps(data.draw(cells)) + data.draw(commas) for key in keys]
        return ("{" + "".join(parts).rstrip(" ,\n") + data.draw(st.sampled_from(["}", "}", " }"]))).encode()

    kinds = [NUMBER, TEXT, CELL, st.dictionaries(st.sampled_from(keys), NUMBER | TEXT, max_size=2)]
    first = find_rows(column(data.draw(st.sampled_from(kinds))))
    body = column(data.draw(st.sampled_from(kinds)))
    rows = find_rows(body, first)
    if rows is None:
        return
    wanted = orjson.loads(body)
    assert list(rows) == list(wanted)
    assert repr(rows.cells) == repr(list(wanted.values()))
    assert rows.texts == all(isinstance(cell, str) for cell in wanted.values())


@pytest.mark.parametrize(
    "column",
    [
        b'{"0": {"5": 1, "1": 2}}',
        b'{"0": [1,{"5": 2}], "1": 3}',
        b'{"0": {"x": "a"}, "5": "b", "1": "c"}',
    ],
)
def test_a_key_of_an_object_inside_is_no_row_though_it_is_one_of_another_column(column: bytes) -> None:
    first = find_rows(b'{"0": 7, "5": 8, "1": 9}')
    assert first is not None
    assert find_rows(column, first) is None


UNIT = st.sampled_from(["", "%", "Cel", "MDC_DIM_MMHG", "MDC_DIM_MMHH", "MDC_DIM_BEAT_PER_MIN", "MDC_DIM_BEET_PER_MIN"])


@settings(max_examples=400, deadline=None)
@given(cells=st.lists(UNIT | TEXT, min_size=1, max_size=12), data=st.data())
def test_cells_are_alike_where_they_are_the_same_texts(cells: list[str], data: st.DataObject) -> None:
    models = data.draw(st.lists(st.integers(0, len(cells) - 1), min_size=1, max_size=3))
    wanted = data.draw(st.lists(st.integers(0, len(cells) - 1), min_size=1, max_size=12))
    like = [cells[place] for place in models]
    which = [like.index(cells[place]) if cells[place] in like and data.draw(st.booleans()) else 0 for place in wanted]
    column = found({str(row): cell for row, cell in enumerate(cells)})
    expected = [cells[place] for place in wanted] == [like[model] for model in which]
    longest = max(len(text.encode()) for text in like) + 2 > LONGEST
    assert column.alike(np.array(wanted), np.array(models), np.array(which)) is (expected and not longest)


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(TEXT, min_size=1, max_size=9) | st.lists(NUMBER, min_size=1, max_size=9), data=st.data())
def test_the_cells_of_some_rows_are_given_in_any_order(cells: list[Any], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(cells) - 1), max_size=12))
    column = found({str(row): cell for row, cell in enumerate(cells)})
    assert repr(column.at(np.array(places, dtype=np.intp))) == repr([cells[place] for place in places])
