"""A JSON body: read as a parser of all of it would, and no key of it twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError
from plain_reader import read_plainly
from reading import BOGOTA, said
from strategies import requests

from fcv_api.domain.bad_cells import InvalidBody, InvalidRows
from fcv_api.domain.errors import TableTooLarge, Unscorable
from fcv_api.wire import json_body, json_faults
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.json_body import read_json
from fcv_api.wire.json_faults import NotJson
from fcv_api.wire.table import KeyedColumn

SMALL: dict[str, Any] = {
    "idAtencion": 7,
    "sede": {"0": "Cuidados", "1": None},
    "idSigno": {"0": 150344, "1": "147842"},
    "nomSigno": {"0": "MDC_TEMP", "1": "MDC_ECG_HEART_RATE"},
    "valor": {"0": 98.6, "1": -0.0},
    "unidad": {"0": "[degF]", "1": None},
    "fecRegistro": {"0": "2024-03-03 09:30:00", "1": "2024-03-03T09:35:00.5Z"},
}


def read(read_columns: Callable[[bytes], Any], body: bytes, schema: Schema) -> list[Any]:
    """Return what a body comes to: encounters, or the words of its refusal."""
    try:
        outcome = schema.load(read_columns(body)).read(BOGOTA)
    except (Unscorable, ValidationError, NotJson) as reason:
        return [type(reason), str(reason)]
    return [said(each) for each in (outcome if isinstance(outcome, list) else [outcome])]


def by_key(body: bytes) -> dict[str, Any]:
    columns = read_json(body)
    return {name: cells.by_key() if isinstance(cells, KeyedColumn) else cells for name, cells in columns.items()}


@settings(max_examples=40, deadline=None)
@given(request=requests(instants=2), lists=st.booleans())
def test_a_messy_request_is_read_alike(request: dict[str, Any], *, lists: bool) -> None:
    if lists:
        keys = list(request["nomSigno"])
        request |= {
            name: [request[name][key] for key in keys] for name in ("idSigno", "nomSigno", "valor", "fecRegistro")
        }
    body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
    assert read(read_json, body, EncounterSchema()) == read(read_plainly, body, EncounterSchema())


@pytest.mark.parametrize("key", ['"-0"', '"\\u002d0"', '"01"', '"+1"', '"1 "', '"row"', '""', '"a key of many bytes"'])
def test_keys_are_texts_and_none_is_another(key: str) -> None:
    body = json.dumps(SMALL).replace('"1"', key).encode()
    assert read_json(body)["valor"].by_key() == orjson.loads(body)["valor"]


@pytest.mark.parametrize("number", ["1e999", "-1E999", "9" * 400])
def test_a_number_that_no_float_holds_is_no_json_where_it_is_read_and_passed_over_where_it_is_not(number: str) -> None:
    with pytest.raises(NotJson, match="number is infinity"):
        read_json(json.dumps(SMALL).replace("98.6", number).encode())
    assert "sede" not in read_json(json.dumps(SMALL).replace('"Cuidados"', number).encode())


def test_what_is_no_text_in_a_column_that_nobody_reads_is_still_no_json() -> None:
    with pytest.raises(NotJson, match="UTF-8"):
        read_json(json.dumps(SMALL).encode().replace(b"Cuidados", b"Cuidad\xf3s"))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert by_key(b"\xef\xbb\xbf" + orjson.dumps(SMALL)) == by_key(orjson.dumps(SMALL))


FORMS: dict[str, Callable[[object], str]] = {
    "compact": lambda body: json.dumps(body, separators=(",", ":")),
    "spaced": json.dumps,
    "indented": lambda body: json.dumps(body, indent=2),
    "with a blank before colons": lambda body: json.dumps(body, separators=(" , ", " : ")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["nomSigno", "valor", "fecRegistro", "idSigno", "unidad"])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_row_that_comes_twice_is_refused_by_its_key(form: str, column: str, *, escaped: bool) -> None:
    body = FORMS[form](SMALL | {column: SMALL[column] | {"2": next(iter(SMALL[column].values()))}})
    body = body.replace('"2"', '"\\u0031"' if escaped else '"1"')
    with pytest.raises(InvalidRows, match=f"{column}, row '1': this row comes more than once"):
        read_json(body.encode())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["idAtencion", "nomSigno", "valor", "fecRegistro", "idSigno", "unidad", "idUnidad"])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_column_that_comes_twice_is_refused_by_its_name(form: str, column: str, *, escaped: bool) -> None:
    body = FORMS[form](SMALL | {"idUnidad": {"0": 5}, "again": SMALL["valor"]})
    body = body.replace('"again"', f'"\\u{ord(column[0]):04x}{column[1:]}"' if escaped else f'"{column}"')
    with pytest.raises(InvalidBody, match=f"{column}: this column comes more than once"):
        read_json(body.encode())


def test_a_column_that_nobody_reads_may_have_its_keys_twice() -> None:
    body = json.dumps(SMALL).replace('"sede": {"0"', '"sede": {"1": null, "0"').replace("}}", '}, "sede": 5}')
    assert by_key(body.encode()) == by_key(json.dumps(SMALL).encode())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([SMALL], "a list came, and columns are wanted"),
        (json.dumps(SMALL), "a text came, perhaps JSON within JSON, and columns are wanted"),
        (5, "no object came, and columns are wanted"),
        ({"columns": [], "index": [], "data": []}, "none of the columns nomSigno, valor, fecRegistro is here: columns"),
        ({"0": {"nomSigno": "MDC_TEMP"}}, "none of the columns"),
        ({"schema": {}, "data": [SMALL]}, "none of the columns"),
        ({"idAtencion": 5, "rows": [SMALL]}, "none of the columns"),
    ],
    ids=["records", "JSON within JSON", "number", "split", "index", "table", "rows"],
)
def test_another_orientation_is_refused_with_the_one_that_is_wanted(body: object, words: str) -> None:
    with pytest.raises(InvalidBody, match=words):
        read_json(orjson.dumps(body))


def test_codes_of_units_are_read_where_a_name_is_not_known() -> None:
    sent = SMALL | {"idUnidad": {"0": 266560, "1": None}}
    assert "idUnidad" in read_json(orjson.dumps(sent))
    known = sent | {"unidad": {"0": "°F", "1": "bpm"}}
    assert "idUnidad" not in read_json(orjson.dumps(known))


def test_a_body_that_is_nested_too_deeply_is_no_json() -> None:
    for body in (b'{"valor":' + b"[" * 5000, b'{"sede": ' + b"[" * 1015 + b"]" * 1015 + b', "valor": {}}'):
        with pytest.raises(NotJson):
            read_json(body)


@pytest.mark.parametrize("column", ["idAtencion", "valor", "nomSigno", "unidad"])
@pytest.mark.parametrize("form", ["by key", "list"])
def test_a_column_of_too_many_rows_is_refused_by_how_many_came(
    column: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (json_body, json_faults):
        monkeypatch.setattr(module, "MOST_ROWS", 100)
    cells = {str(row): "a, b" if column in ("nomSigno", "unidad") else row for row in range(101)}
    body = SMALL | {column: cells if form == "by key" else list(cells.values())}
    with pytest.raises(TableTooLarge, match="101 rows came, and one table may have 100"):
        read_json(orjson.dumps(body))
    fits = {name: {str(row): cells[str(row)] for row in range(100)} for name in (column, "nomSigno")}
    read_json(orjson.dumps(fits))


def test_of_many_columns_that_nobody_reads_none_is_kept() -> None:
    others = {f"other {number}": None for number in range(20_000)}
    assert by_key(orjson.dumps(others | SMALL)) == by_key(orjson.dumps(SMALL))


@pytest.mark.parametrize("name", ["valor", r"valo\u0072", r"\u0076alor"])
def test_a_column_that_comes_twice_is_found_in_a_large_body_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_body, json_faults):
        monkeypatch.setattr(module, "SMALL", 10)
    text = json.dumps(SMALL | {"note": {"0": r'"valor": "valor":'}})
    assert by_key(text.encode()) == by_key(orjson.dumps(SMALL))
    with pytest.raises(InvalidBody, match="valor: this column comes more than once"):
        read_json(text.replace('"sede"', f'"{name}"').encode())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [0, 10_000])
def test_a_body_of_nothing_but_what_is_read_is_refused_for_a_column_that_comes_twice(
    form: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (json_body, json_faults):
        monkeypatch.setattr(module, "SMALL", size)
    body = {name: cells for name, cells in SMALL.items() if name in json_body.NAMES}
    assert by_key(FORMS[form](body).encode()) == by_key(orjson.dumps(SMALL))
    for cells in (body["valor"], {"0": 1}, {}):
        with pytest.raises(InvalidBody, match="valor: this column comes more than once"):
            read_json(FORMS[form]({"again": cells} | body).replace('"again"', '"valor"').encode())


@pytest.mark.parametrize("body", [b"[1, 2]", b'"text"', b"5", b"[1,", b"{", b'{"a": 1} x', b"\xff", b'["\xff"]'])
def test_a_large_body_that_is_no_table_is_refused_as_a_small_one(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((InvalidBody, NotJson)) as small:
        read_json(body)
    for module in (json_body, json_faults):
        monkeypatch.setattr(module, "SMALL", 0)
    with pytest.raises(small.type):
        read_json(body)
