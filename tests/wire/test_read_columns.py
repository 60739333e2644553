"""The columns that are read, found in a body: never otherwise than by parsing all of it."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError
from strategies import requests

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_request
from fcv_api.wire.read_columns import read_columns
from fcv_api.wire.rows import SharedRows, aligned

BOGOTA = ZoneInfo("America/Bogota")
SMALL = {
    "idAtencion": 7,
    "sede": {"0": "Cuidados", "1": None},
    "idSigno": {"0": 150344, "1": "147842"},
    "nomSigno": {"0": "MDC_TEMP", "1": "MDC_ECG_HEART_RATE"},
    "valor": {"0": 98.6, "1": -0.0},
    "unidad": {"0": "[degF]", "1": None},
    "fecRegistro": {"0": "2024-03-03 09:30:00", "1": "2024-03-03T09:35:00.5Z"},
}
PIECES = [
    "0",
    "1",
    "-",
    "-0",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ".",
    "e5",
    "null",
    "true",
    "\\u0030",
    "\\ud800",
    "\\",
    " ",
]
PIECES += [
    "NaN",
    "1e999",
    "\x00",
    "\xff",
    "é",
    "5501",
    "5.9",
    '"0":',
    '"-0":1,',
    "MDC_TEMP",
    "MDC_DIM_FAHR",
    "Z",
    "+05:00",
]


BATCH = SMALL | {
    "idAtencion": {"0": 7, "1": "8"},
    "unidad": {"0": "[degF]", "1": "MDC_DIM_BEAT_PER_MIN"},
    "fecRegistro": {"0": "2024-03-03 09:30:00", "1": "2024-03-03T09:35:00"},
}


def read(columns: Any, schema: Schema) -> list[Encounter] | str:
    """Give what a parsed body comes to: encounters, or the words of its refusal."""
    try:
        read_so = schema.load(columns).read(BOGOTA)
    except (Unscorable, ValidationError) as reason:
        return f"{type(reason).__name__}: {reason}"
    return read_so if isinstance(read_so, list) else [read_so]


def assert_read_alike(body: bytes, columns: dict[str, Any], schema: Schema = EncounterSchema()) -> None:  # noqa: B008
    found, wanted = read(columns, schema), read(orjson.loads(body), schema)
    if isinstance(wanted, str) or isinstance(found, str):
        assert found == wanted
        return
    for each, other in zip(found, wanted, strict=True):
        assert told(each) == told(other)


def told(outcome: Encounter | Refusal) -> list[Any]:
    """Give all that an encounter says, to the last bit: -0.0 is not 0.0."""
    if isinstance(outcome, Refusal):
        return [outcome.encounter, type(outcome.reason), str(outcome.reason)]
    arrays = [outcome.signs, outcome.values, outcome.instants]
    others = [outcome.id, outcome.zone, str(outcome.newest), outcome.unknown_units, outcome.implausible]
    return [*others, *(each.tobytes() for each in arrays)]


@settings(max_examples=40, deadline=None)
@given(request=requests(instants=2), lists=st.booleans())
def test_a_messy_request_is_read_alike(request: dict[str, Any], *, lists: bool) -> None:
    if lists:
        keys = list(request["nomSigno"])
        request |= {
            name: [request[name][key] for key in keys] for name in ("idSigno", "nomSigno", "valor", "fecRegistro")
        }
    body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
    columns = read_columns(body)
    assert columns is not None
    assert_read_alike(body, columns)


@st.composite
def spoilt(draw: st.DrawFn, request: dict[str, Any]) -> bytes:
    """Write a request, and put something into it in a few places."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    body = json.dumps(request, ensure_ascii=draw(st.booleans()), separators=separators)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        cut = draw(st.integers(0, 6))
        body = body[:at] + draw(st.sampled_from(PIECES)) + body[at + cut :]
    # A number too large, where nobody reads it, is JSON.
    return body.replace("e999", "e99").replace("e5", "e4").encode("latin-1" if draw(st.booleans()) else "utf-8")


@settings(max_examples=1500, deadline=None)
@given(body=spoilt(SMALL))
def test_whatever_is_spoilt_in_a_body_it_is_read_alike_or_not_at_all(body: bytes) -> None:
    columns = read_columns(body)
    if columns is not None:
        assert_read_alike(body, columns)


@settings(max_examples=1000, deadline=None)
@given(body=spoilt(BATCH))
def test_whatever_is_spoilt_in_a_batch_it_is_read_alike_or_not_at_all(body: bytes) -> None:
    columns = read_columns(body)
    if columns is not None:
        assert_read_alike(body, columns, BatchSchema())


@pytest.mark.parametrize("key", ['"-0"', '"\\u002d0"', '"01"', '"+1"', '"1 "', '"row"', '""', '"a key of many bytes"'])
def test_keys_are_texts_and_none_is_another(key: str) -> None:
    body = json.dumps(SMALL).replace('"1"', key).encode()
    columns = read_columns(body)
    assert columns is not None
    assert dict(columns["valor"]) == orjson.loads(body)["valor"]
    assert_read_alike(body, columns)


def test_columns_of_the_same_keys_share_them() -> None:
    columns = read_columns(orjson.dumps(example_request()))
    assert columns is not None
    found = [each for each in columns.values() if isinstance(each, ByteRows)]
    assert len(found) == 4
    assert len({id(each.row_keys) for each in found}) == 1


def test_a_column_in_another_order_keeps_its_own_keys() -> None:
    request = example_request()
    request["valor"] = dict(reversed(request["valor"].items()))
    columns = read_columns(orjson.dumps(request))
    assert columns is not None
    assert not aligned(columns["valor"], columns["nomSigno"])
    assert_read_alike(orjson.dumps(request), columns)


@pytest.mark.parametrize("number", ["1e999", "-1E999", "9" * 400])
def test_a_number_that_no_float_holds_in_a_column_that_is_read_is_no_json(number: str) -> None:
    assert read_columns(json.dumps(SMALL).replace("98.6", number).encode()) is None


def test_what_is_no_text_in_a_column_that_nobody_reads_is_still_no_json() -> None:
    assert read_columns(json.dumps(SMALL).encode().replace(b"Cuidados", b"Cuidad\xf3s")) is None


def test_a_shared_column_finds_a_row_by_its_key() -> None:
    column = SharedRows([7, 3], ["a", "b"])
    assert (column[3], column.get(4), len(column), list(column)) == ("b", None, 2, [7, 3])
    assert column == {7: "a", 3: "b"}
    np.testing.assert_equal(column.cells, ["a", "b"])
