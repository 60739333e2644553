"""Columns decoded straight into their cells: never otherwise than by decoding all of the body."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from strategies import requests

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_request
from fcv_api.wire.rows import SharedRows
from fcv_api.wire.typed_columns import decode_columns

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


def read(columns: Any) -> Encounter | str:
    """Give what a parsed body comes to: an encounter, or the words of its refusal."""
    try:
        encounter: Encounter = EncounterSchema().load(columns).read(BOGOTA)
    except (Unscorable, ValidationError) as reason:
        return f"{type(reason).__name__}: {reason}"
    return encounter


def assert_read_alike(body: bytes, decoded: dict[str, Any]) -> None:
    found, wanted = read(decoded), read(orjson.loads(body))
    if isinstance(wanted, str) or isinstance(found, str):
        assert found == wanted
        return
    assert (found.id, found.zone, found.newest) == (wanted.id, wanted.zone, wanted.newest)
    assert (found.unknown_units, found.implausible) == (wanted.unknown_units, wanted.implausible)
    for name in ("signs", "values", "instants"):
        assert getattr(found, name).tobytes() == getattr(wanted, name).tobytes()  # to the last bit: -0.0 is not 0.0


@settings(max_examples=40, deadline=None)
@given(request=requests(instants=2), lists=st.booleans())
def test_a_messy_request_is_decoded_alike(request: dict[str, Any], *, lists: bool) -> None:
    if lists:
        keys = list(request["nomSigno"])
        request |= {
            name: [request[name][key] for key in keys] for name in ("idSigno", "nomSigno", "valor", "fecRegistro")
        }
    body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
    decoded = decode_columns(body)
    assert decoded is not None
    assert_read_alike(body, decoded)


@settings(max_examples=1500, deadline=None)
@given(data=st.data(), ascii_only=st.booleans())
def test_whatever_is_spoilt_in_a_body_it_is_decoded_alike_or_not_at_all(
    data: st.DataObject, *, ascii_only: bool
) -> None:
    body = json.dumps(SMALL, ensure_ascii=ascii_only)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 6))
        body = body[:at] + data.draw(st.sampled_from(PIECES)) + body[at + cut :]
    spoilt = body.encode("latin-1" if data.draw(st.booleans()) else "utf-8")
    if b"e999" in spoilt or b"e5" in spoilt:
        spoilt = spoilt.replace(b"e999", b"e99").replace(
            b"e5", b"e4"
        )  # a number too large, where nobody reads it, is JSON
    decoded = decode_columns(spoilt)
    if decoded is not None:
        assert_read_alike(spoilt, decoded)


@pytest.mark.parametrize("key", ['"-0"', '"\\u002d0"', '"-\\u0030"'])
def test_two_keys_that_are_one_number_are_never_one_row(key: str) -> None:
    body = json.dumps(SMALL).replace('"1"', key).encode()
    assert decode_columns(body) is None
    assert len(orjson.loads(body)["valor"]) == 2


@pytest.mark.parametrize("key", ["01", "1.0", "row", "", "+1", "1 "])
def test_keys_that_are_no_whole_numbers_are_left_to_the_other_way(key: str) -> None:
    assert decode_columns(json.dumps(SMALL).replace('"1"', json.dumps(key)).encode()) is None


def test_columns_of_the_same_keys_share_them_and_equal_texts_are_one() -> None:
    decoded = decode_columns(orjson.dumps(example_request()))
    assert decoded is not None
    columns = [each for each in decoded.values() if isinstance(each, SharedRows)]
    assert len(columns) == 4
    assert len({id(each.rows) for each in columns}) == 1
    assert len({id(name) for name in decoded["nomSigno"].cells}) == 9


def test_a_column_in_another_order_keeps_its_own_keys() -> None:
    request = example_request()
    request["valor"] = dict(reversed(request["valor"].items()))
    decoded = decode_columns(orjson.dumps(request))
    assert decoded is not None
    assert isinstance(decoded["valor"], dict)
    assert_read_alike(orjson.dumps(request), decoded)


def test_what_is_no_text_in_a_column_that_nobody_reads_is_still_no_json() -> None:
    assert decode_columns(json.dumps(SMALL).encode().replace(b"Cuidados", b"Cuidad\xf3s")) is None


def test_a_shared_column_finds_a_row_by_its_key() -> None:
    column = SharedRows([7, 3], ["a", "b"])
    assert (column[3], column.get(4), len(column), list(column)) == ("b", None, 2, [7, 3])
    assert column == {7: "a", 3: "b"}
    np.testing.assert_equal(column.cells, ["a", "b"])
