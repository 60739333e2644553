"""Bodies that work, and how they are spoilt: byte by byte, and as what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from fcv_api.wire.example import example_batch, example_csv, example_request

Body = dict[str, Any]
PIECES = (
    *(b"0", b"1", b"-", b"-0", b'"', b"{", b"}", b"[", b"]", b",", b";", b":", b".", b"\n", b"\r", b"\t", b" ", b"\\"),
    *(b"null", b"true", b"NaN", b"1e999", b"-1e999", b"1e5", b"0.0", b"-0.0", b"5.9", b"1_000", b"9" * 19, b"9" * 400),
    *(b"\x00", b"\xff", b"\xc3", "é".encode(), "\u2028".encode(), b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"\\u0030"),
    *(
        b'"0":',
        b'"-0":1,',
        b'"00":1,',
        b"MDC_TEMP",
        b"MDC_DIM_FAHR",
        b"[degF]",
        b"Z",
        b"+05:00",
        b"T",
        b"NULL",
        b"5501",
    ),
    *(
        b'"idAtencion":',
        b'"idAtencion":5502,',
        b'"valor":{},',
        b'"nomSigno":null,',
        b'"sede":{"0":1e999},',
        b"[" * 2000,
    ),
    *(b"9999-12-31 23:59:59", b"0001-01-01 00:00:00", b"2024-02-30 00:00:00", b"2024-03-03 07:55:00.123456789"),
)
CELLS: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        -0.0,
        5.9,
        1e300,
        2**53 + 1,
        2**63,
        10**25,
        "",
        " ",
        "5501",
        "5501.0",
        "+5501",
        "\u0665",
        "x" * 300,
    ),
    *(
        [],
        [1],
        {},
        {"0": 1},
        "NaN",
        "\x00",
        "\u202e",
        "MDC_TEMP",
        "MDC_ECG_HEART_RATE",
        "[degF]",
        266560,
        150344,
        "150344",
    ),
    *("2024-03-03T09:30:00Z", "2024-03-03 09:30:00-05:00", "24:00", "2024-03-10 02:30:00", "2024-03-03 09:30:60"),
)


def seeds() -> list[bytes]:
    """Give bodies that work, as files of the corpus: small ones too, for a small one is tried more often."""
    request, batch = example_request(), example_batch()
    few = {name: _first(cells, 3) for name, cells in request.items()}
    two = few | {"idAtencion": {"0": 5501, "1": "5502", "2": 5501.0}, "unidad": {"0": None, "1": "x", "2": ""}}
    lists = {name: list(cells.values()) if isinstance(cells, dict) else cells for name, cells in request.items()}
    table = example_csv()
    return [
        *(b"\x00" + _json(each) for each in (request, few, lists)),
        *(b"\x01" + _json(each) for each in (batch, two, lists | {"idAtencion": [5501] * len(lists["valor"])})),
        *(b"\x02" + text.encode() for text in (table, table.replace(".", "@").replace(",", ";").replace("@", ","))),
        b"\x02" + "\n".join(table.splitlines()[:4]).encode(),
    ]


def mutate(data: bytes, other: bytes, dice: Random) -> bytes:
    """Spoil a body in one to four ways. other: one to take a piece of."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        ways: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (_insert, _cut, _repeat, _flip, _splice)
        data = _as_json(data, other, dice) if dice.random() < 0.7 else dice.choice(ways)(data, other, dice)
    return data


def _insert(data: bytes, _other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + dice.choice(PIECES) + data[at + dice.choice((0, 0, 1, 3)) :]


def _cut(data: bytes, _other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at + dice.choice((1, 2, 5, 50, 1000)) :]


def _repeat(data: bytes, _other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at : at + dice.choice((1, 5, 50))] * dice.choice((2, 3)) + data[at:]


def _flip(data: bytes, _other: bytes, dice: Random) -> bytes:
    changed = bytearray(data)
    changed[_place(data, dice) - 1] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _splice(data: bytes, other: bytes, dice: Random) -> bytes:
    return data[: _place(data, dice)] + other[_place(other, dice) :]


def _place(data: bytes, dice: Random) -> int:
    return dice.randint(1, max(1, len(data)))


def _as_json(data: bytes, other: bytes, dice: Random) -> bytes:
    """Change what a body says, where it is JSON: its cells, its rows, its columns and whose they are."""
    for each in (data, other):
        try:
            body = json.loads(each[1:])
            named = [name for name, column in body.items() if isinstance(column, dict | list) and column]
            column = body[dice.choice(named)]
        except (ValueError, AttributeError, IndexError, RecursionError):
            continue
        dice.choice(CHANGES)(body, column, dice)
        return each[:1] + _json(body, *dice.choice(STYLES))
    return _insert(data, other, dice)


def _change_cell(_body: Body, column: Any, dice: Random) -> None:
    column[_row(column, dice)] = dice.choice(CELLS)


def _copy_cell(_body: Body, column: Any, dice: Random) -> None:
    column[_row(column, dice)] = column[_row(column, dice)]


def _drop_row(_body: Body, column: Any, dice: Random) -> None:
    del column[_row(column, dice)]


def _add_row(_body: Body, column: Any, dice: Random) -> None:
    if isinstance(column, dict):
        column[dice.choice(("-0", "00", "x", "", "999", " 1", "1.0"))] = column[_row(column, dice)]
    else:
        column.append(dice.choice(CELLS))


def _reorder(_body: Body, column: Any, dice: Random) -> None:
    if isinstance(column, dict):
        cells = list(column.items())
        dice.shuffle(cells)
        column.clear()
        column.update(cells)


def _change_column(body: Body, _column: Any, dice: Random) -> None:
    body[dice.choice((*body, "unidad", "idUnidad", "sede"))] = dice.choice((*CELLS, *body.values()))


def _drop_column(body: Body, _column: Any, dice: Random) -> None:
    del body[dice.choice(list(body))]


def _change_owner(body: Body, _column: Any, dice: Random) -> None:
    rows = body.get("valor")
    if isinstance(rows, dict):
        owners = (5501, "5502", 5503.0, "05501", None)
        body["idAtencion"] = {row: dice.choice(owners[: dice.choice((1, 3, 5))]) for row in rows}


CHANGES = (
    *(_change_cell, _change_cell, _copy_cell, _copy_cell, _drop_row, _add_row, _reorder),
    *(_change_column, _drop_column, _change_owner),
)


def _row(column: Any, dice: Random) -> Any:
    return dice.choice(list(column)) if isinstance(column, dict) else dice.randrange(len(column))


def _first(cells: Any, rows: int) -> Any:
    return dict(list(cells.items())[:rows]) if isinstance(cells, dict) else cells


def _json(body: object, indent: int | None = None, separators: tuple[str, str] | None = None) -> bytes:
    return json.dumps(body, ensure_ascii=indent == 0, indent=indent, separators=separators).encode(
        errors="surrogatepass"
    )


STYLES: tuple[tuple[int | None, tuple[str, str] | None], ...] = (
    *((None, None), (None, (",", ":")), (0, None), (1, None), (None, (" ,", "\t:\n"))),
)
"""As others write it: with and without spaces, and in lines."""
