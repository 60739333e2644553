"""A JSON body's parts: the columns that are read, unread yet, and why a body has none.

Nothing here makes an object of a row, so that whatever a body holds takes no more memory than itself.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import orjson

from fcv_api.domain.bad_cells import Cell, InvalidBody
from fcv_api.domain.errors import TableTooLarge
from fcv_api.wire.cells import check_utf8
from fcv_api.wire.encounter import COLUMNS
from fcv_api.wire.table import MOST_ROWS

NAMES = ("idAtencion", *COLUMNS)
REQUIRED = ("nomSigno", "valor", "fecRegistro")
WANTED = "columns are wanted, each as {row: cell} or as a list, as DataFrame.to_dict() or to_dict('list') writes them"
ANY_BODY = msgspec.json.Decoder(dict[str, msgspec.Raw])
ANYTHING = msgspec.json.Decoder(msgspec.Raw)
QUOTE, COMMA, BACKSLASH = b'",\\'
ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
"""As a column's name may hold, so that it does not look like itself."""
LETTERS_AS_KEY = re.compile(rb'(?<!\\)"((?:[A-Za-z]|\\u00[4-7][0-9A-Fa-f])+)"[ \t\r\n]*:')
BLANKS = b" \t\r\n"
SMALL = 4_000_000
"""Bytes of a body whose columns may all be known at once: the smallest take eight bytes of it, and 150 of memory."""


class NotJson(Exception):
    """The body is no JSON. The message says why."""


@lru_cache
def _body(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a decoder of a type that is made here
    """Return what decodes a body. Of other columns nothing is kept, however many there are."""
    fields = [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in names]
    return msgspec.json.Decoder(msgspec.defstruct("Body", fields))


def parts_of(body: bytes, names: tuple[str, ...] = NAMES) -> dict[str, memoryview]:
    """Part a body into the columns that are read. names: those of the door that it came to."""
    try:
        check_utf8(body)  # of what nobody reads, too
        found, others, beside = _parts(body, names)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise no_table(body) from None
    if twice := _named_twice(body, beside, names):
        raise InvalidBody.of([Cell(name, None, "this column comes more than once") for name in twice], len(twice))
    if others and not found.keys() & set(REQUIRED):
        raise InvalidBody.of([Cell("body", None, f"none of the columns {', '.join(REQUIRED)} is here: {WANTED}")], 1)
    for part in found.values():
        _check_rows(part)
    return found


def _parts(body: bytes, names: tuple[str, ...]) -> tuple[dict[str, memoryview], bool, bytes]:
    """Return the columns that are read, whether there may be others, and what of the body may hold a key again."""
    if len(body) > SMALL:
        known = _body(names).decode(body)
        read = {n: memoryview(part) for n in names if (part := getattr(known, n)) is not msgspec.UNSET}
        return read, True, _beside(body, read)
    parts = ANY_BODY.decode(body)
    read = {name: memoryview(part) for name, part in parts.items() if name in names}
    return read, len(read) < len(parts), b"" if _is_plain(body, parts) else body


def _is_plain(body: bytes, parts: dict[str, msgspec.Raw]) -> bool:
    """Return whether a body is its parts, with or without a blank between tokens: then no key of it can come twice."""
    body = body.strip(BLANKS)
    blank = b" " if body.startswith(b" ", body.find(b":") + 1) else b""
    at, before = 0, b"{"
    for name, part in parts.items():
        opening = before + orjson.dumps(name) + b":" + blank
        if not body.startswith(opening, at):
            return False
        at, before = at + len(opening) + len(memoryview(part)), b"," + blank
    return body[at:] == b"}"


def _beside(body: bytes, parts: dict[str, memoryview]) -> bytes:
    """Return what of a body is in none of its parts. Of a column that comes twice, only the last is a part."""
    start = _address(memoryview(body))
    beside, at = [], 0
    for place, length in sorted((_address(part) - start, len(part)) for part in parts.values()):
        beside.append(body[at:place])
        at = place + length
    return b"".join((*beside, body[at:]))


def _address(part: memoryview) -> int:
    address: int = np.frombuffer(part, np.uint8).__array_interface__["data"][0]
    return address


def _named_twice(body: bytes, beside: bytes, names: tuple[str, ...]) -> list[str]:
    """Return the columns whose names come twice as keys of the body: in a large one as keys of anything in it.

    beside: what of the body may hold a key again: a quarter of a real batch of 40, looked through in 14 ms, not 57.
    """
    if all(beside.count(b'"%b"' % name.encode()) <= 1 for name in names) and not ESCAPED_LETTER.search(beside):
        return []
    if len(body) <= SMALL:
        return twice_of(key for key in keys_of(body) if key in names)
    keys = (found[1].decode("unicode_escape") for found in LETTERS_AS_KEY.finditer(body))
    return twice_of(key for key in keys if key in names)


def _check_rows(column: memoryview) -> None:
    """Raise TableTooLarge for a column of too many rows, before any of them is an object."""
    if len(column) < 2 * MOST_ROWS:  # a cell and a comma
        return
    written = np.frombuffer(column, np.uint8)
    commas = written == COMMA
    if np.count_nonzero(commas) >= MOST_ROWS and BACKSLASH not in written:  # some may stand within texts
        commas &= np.cumsum(written == QUOTE, dtype=np.uint8) % 2 == 0
    if (rows := int(np.count_nonzero(commas)) + 1) > MOST_ROWS:
        raise TableTooLarge("rows", rows, MOST_ROWS)


def keys_of(written: bytes) -> list[str]:
    """Return the keys of an object, each as often as it comes. No number is read: one may have thousands of digits."""
    try:
        return [key for key, _cell in json.loads(written, object_pairs_hook=list, parse_int=str)]
    except RecursionError:
        raise NotJson("It is nested too deeply") from None


def twice_of(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]


def no_table(body: bytes) -> NotJson | InvalidBody:
    """Return why a body is no object of columns: by orjson, which says what is wrong and where."""
    try:
        _read_all(body)
    except RecursionError:
        return NotJson("It is nested too deeply")
    except (orjson.JSONDecodeError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return NotJson(str(error))
    first = body.lstrip(BLANKS)[:1]
    if first == b"{":  # at a depth that orjson bears, and the decoder of its parts does not
        return NotJson("It is nested too deeply")
    sent = {b"[": "a list came", b'"': "a text came, perhaps JSON within JSON"}.get(first, "no object came")
    return InvalidBody.of([Cell("body", None, f"{sent}, and {WANTED}")], 1)


def _read_all(body: bytes) -> None:
    """Read a body that is no object of columns: a large one not by orjson, which makes objects of all there is."""
    if len(body) <= SMALL:
        orjson.loads(body)
    else:
        check_utf8(body)
        ANYTHING.decode(body)
