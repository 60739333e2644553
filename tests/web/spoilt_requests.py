"""Requests of `/predict` that are spoilt in many ways, and a batch that mixes the rows of several."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st
from strategies import requests

Body = dict[str, Any]
Spoil = Callable[[Body, str], Body]
"""Changes the row that is named, or all of them."""


def cell(column: str, value: object) -> Spoil:
    return lambda body, row: body | {column: body.get(column, {}) | {row: value}}


def absent(column: str) -> Spoil:
    return lambda body, row: body | {column: {key: each for key, each in body[column].items() if key != row}}


def every(column: str, change: Callable[[Any], object]) -> Spoil:
    return lambda body, _row: body | {column: {key: change(each) for key, each in body[column].items()}}


def of_sign(column: str, sign: str, value: object) -> Spoil:
    def spoil(body: Body, _row: str) -> Body:
        return body | {column: body.get(column, {}) | dict.fromkeys(_rows_of(body, sign), value)}

    return spoil


def without(sign: str) -> Spoil:
    return lambda body, _row: _only(body, [row for row in body["nomSigno"] if body["nomSigno"][row] != sign])


def later_gone(body: Body, row: str) -> Body:
    times = body["fecRegistro"]
    return _only(body, [key for key in body["nomSigno"] if str(times.get(key)) <= str(times.get(row))])


def without_codes(body: Body, _row: str) -> Body:
    return {name: column for name, column in body.items() if name != "idSigno"}


LOOKED_AT = ("nomSigno", "valor", "idSigno", "unidad", "idUnidad", "fecRegistro")
"""In this order columns are looked at: rows without a name are named in that of the first that has them."""
VALUES: tuple[object, ...] = ("n/a", "88", True, [1], {}, None, 0, -100, 1e300, 98.6)
SPOILS: dict[str, Spoil] = {
    **{f"valor {value!r}": cell("valor", value) for value in VALUES},
    **{f"fecRegistro {value!r}": cell("fecRegistro", value) for value in ("yesterday", "2024-02-31 00:00:00", 5, None)},
    **{f"nomSigno {value!r}": cell("nomSigno", value) for value in (None, 5, "MDC_PRESS_BLD", "MDC_TEMP")},
    **{f"idSigno {value!r}": cell("idSigno", value) for value in (None, 5.9, "150344", 150344, "x")},
    **{f"unidad {value!r}": cell("unidad", value) for value in ("kg", "furlong", "", None, 5, [1])},
    **{f"{column} absent": absent(column) for column in ("valor", "nomSigno", "fecRegistro")},
    "one zoned": cell("fecRegistro", "2024-03-03 01:00:41Z"),
    "one much newer": cell("fecRegistro", "2024-03-03 09:00:00"),
    "all zoned": every("fecRegistro", lambda time: f"{time}-05:00"),
    "all in another zone": every("fecRegistro", lambda time: f"{time}+02:00"),
    "all with fractions": every("fecRegistro", lambda time: f"{time}.25".replace(" ", "T")),
    "all at one instant": every("fecRegistro", lambda _time: "2024-03-03 09:00:00"),
    "fahrenheit by code": of_sign("idUnidad", "MDC_TEMP", 266560),
    "wrong unit by code": of_sign("idUnidad", "MDC_PULS_OXIM_SAT_O2", 266560),
    "fahrenheit": of_sign("unidad", "MDC_TEMP", "[degF]"),
    "hot": of_sign("valor", "MDC_TEMP", 98.6),
    "pounds": of_sign("unidad", "MDC_MASS_BODY_ACTUAL", "[lb_av]"),
    "flat line": of_sign("valor", "MDC_ECG_HEART_RATE", 80),
    "no oxygen": without("MDC_PULS_OXIM_SAT_O2"),
    "no height": without("MDC_LEN_BODY_ACTUAL"),
    "unidad of no row": lambda body, _row: body | {"unidad": body.get("unidad", {}) | {"of no row": "kg"}},
    "valor of no row": lambda body, _row: body | {"valor": body["valor"] | {"of no row": 1.0}},
    "later gone": later_gone,
    "no codes": without_codes,
}


@st.composite
def spoilt_requests(draw: st.DrawFn) -> Body:
    """Make a messy request, and spoil it in none, one or two ways."""
    body = draw(requests(instants=draw(st.sampled_from([1, 20, 20, 20]))))
    for spoil in draw(st.lists(st.sampled_from(sorted(SPOILS)), max_size=2)):
        body = SPOILS[spoil](body, draw(st.sampled_from(list(body["nomSigno"]) or ["0"])))
    return body


def mixed(encounters: dict[int, Body], dice: Random) -> Body:
    """Make one batch. Each encounter keeps its rows' order; their rows are mixed.

    The columns have their rows in one order, as exports do, or each in an order of its own, with the same chance. The
    first encounter's rows keep their keys, because errors name them; the others' are given new ones.
    """
    keyed = {
        number: body if at == 0 else _under(body, f"{at}-") for at, (number, body) in enumerate(encounters.items())
    }
    for number, body in keyed.items():
        rows = dict.fromkeys(row for name in LOOKED_AT if name in body for row in body[name])
        body["idAtencion"] = {row: dice.choice([number, str(number), float(number)]) for row in rows}
    names = dict.fromkeys(name for body in keyed.values() for name in body)
    columns = {name: [list(body.get(name, {}).items()) for body in keyed.values()] for name in names}
    if dice.random() < 0.5:
        return {name: dict(_merged(parts, dice)) for name, parts in columns.items()}
    order = [row for row, _ in _merged(columns["idAtencion"], dice)]
    cells = {name: dict(cell for part in parts for cell in part) for name, parts in columns.items()}
    return {name: {row: column[row] for row in order if row in column} for name, column in cells.items()}


def _merged(parts: list[list[tuple[str, object]]], dice: Random) -> list[tuple[str, object]]:
    turns = [at for at, cells in enumerate(parts) for _ in cells]
    dice.shuffle(turns)
    cells = [iter(part) for part in parts]
    return [next(cells[at]) for at in turns]


def _under(body: Body, prefix: str) -> Body:
    columns = {name: column for name, column in body.items() if name != "idAtencion"}
    return {name: {f"{prefix}{row}": each for row, each in column.items()} for name, column in columns.items()}


def _rows_of(body: Body, sign: str) -> list[str]:
    return [row for row, name in body["nomSigno"].items() if name == sign]


def _only(body: Body, rows: list[str]) -> Body:
    """Keep these rows; all where there are none, or there would be no encounter."""
    kept = set(rows)
    if not kept:
        return body
    columns = {name: column for name, column in body.items() if name != "idAtencion"}
    return body | {name: {row: each for row, each in column.items() if row in kept} for name, column in columns.items()}
