"""A second reader of a JSON body, for comparison: the standard library reads all of it, and keeps every key."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import orjson

from fcv_api.domain.bad_cells import Cell, InvalidBody, InvalidRows
from fcv_api.domain.units import Unit
from fcv_api.wire.cells import unit
from fcv_api.wire.json_body import NAMES, REQUIRED
from fcv_api.wire.json_faults import WANTED, NotJson

TOO_LARGE = "number is infinity when parsed as double"


class Pairs(list[tuple[str, Any]]):
    """An object's keys and cells, each as often as it came."""


def read_plainly(body: bytes) -> dict[str, Any]:
    """Read the columns of a body. Raises what `read_json` raises."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    too_large = _number_too_large(body)
    pairs = _pairs(body)
    if not isinstance(pairs, Pairs):
        raise InvalidBody.of([_of_the_body(pairs)], 1)
    if twice := [name for name in _twice(pairs) if name in NAMES]:
        raise InvalidBody.of((Cell(name, None, "this column comes more than once") for name in twice), len(twice))
    columns = {name: cells for name, cells in pairs if name in NAMES}
    if {name for name, _ in pairs} - set(NAMES) and not columns.keys() & set(REQUIRED):
        raise InvalidBody.of([Cell("body", None, f"none of the columns {', '.join(REQUIRED)} is here: {WANTED}")], 1)
    for name in NAMES:
        if name == "idUnidad" and _units_suffice(columns):
            continue  # nobody reads it
        if too_large and any(abs(number) == float("inf") for number in _numbers(columns.get(name))):
            raise too_large
        if isinstance(cells := columns.get(name), Pairs) and (twice := _twice(cells)):
            raise InvalidRows.of((Cell(name, row, "this row comes more than once") for row in twice), len(twice))
    return {name: plain(cells) for name, cells in columns.items()}


def plain(value: Any) -> Any:
    """Return objects as dictionaries."""
    if isinstance(value, Pairs):
        return {key: plain(each) for key, each in value}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _twice(pairs: Pairs) -> list[str]:
    return [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]


def _number_too_large(body: bytes) -> NotJson | None:
    """Return what is said of a number that no float holds, for whoever reads it. Raises NotJson for all else."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = NotJson(str(error))
        try:
            is_table = TOO_LARGE in str(error) and isinstance(_pairs(body), Pairs)
        except (ValueError, RecursionError):
            raise found from None
        if not is_table:
            raise found from None
        return found
    return None


def _pairs(body: bytes) -> Any:
    return json.loads(body.decode(), object_pairs_hook=Pairs, parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 300 else float(digits)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    return [number for each in value for number in _numbers(each)] if isinstance(value, list | tuple) else []


def _units_suffice(columns: dict[str, Any]) -> bool:
    names, units, codes = (columns.get(name) for name in ("nomSigno", "unidad", "idUnidad"))
    if not (isinstance(names, Pairs) and isinstance(units, Pairs) and isinstance(codes, Pairs)):
        return False
    known = [isinstance(cell, str) and isinstance(unit(cell), Unit) for _, cell in units]
    return all(known) and {row for row, _ in names} <= {row for row, _ in units}


def _of_the_body(value: object) -> Cell:
    named: dict[type, str] = {list: "a list came", str: "a text came, perhaps JSON within JSON"}
    sent = named.get(type(value), "no object came")
    return Cell("body", None, f"{sent}, and {WANTED}")
