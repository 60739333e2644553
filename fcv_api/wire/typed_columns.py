"""A request's columns, decoded straight into what their cells must be: faster than decoding all of the body.

What does not fit is decoded by `orjson` as ever, and the schema says why. So this may refuse what is sound, and must
never read anything otherwise than that way does; a test compares the two.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np

from fcv_api.wire.rows import Key, Rows, SharedRows

Code = int | float | str
"""A whole number as exports write it; which of these are whole is for `whole_number` to say."""

Ids = Code | dict[int, Code] | list[Code]
Texts = dict[int, str] | list[str]
Numbers = dict[int, float | None] | list[float | None]
Codes = dict[int, Code | None] | list[Code | None] | None

DECODERS = {
    "idAtencion": msgspec.json.Decoder(Ids),
    "nomSigno": msgspec.json.Decoder(Texts),
    "valor": msgspec.json.Decoder(Numbers),
    "fecRegistro": msgspec.json.Decoder(Texts),
    "idSigno": msgspec.json.Decoder(Codes),
    "unidad": msgspec.json.Decoder(Codes),
    "idUnidad": msgspec.json.Decoder(Codes),
}
"""By row key, which exports count, or as lists."""

NULL = msgspec.Raw(b"null")
"""Where a column is absent: the decoders of those that must be there refuse it."""
_BODY = msgspec.json.Decoder(msgspec.defstruct("_Body", [(name, msgspec.Raw, NULL) for name in DECODERS]))

QUOTED_MINUS = np.frombuffer(b'"-', "<u2")[0]
ESCAPED_ASCII = re.compile(rb"\\u00[0-7]")


def decode_columns(body: bytes) -> dict[str, Any] | None:
    """Decode the columns that are read, or give None where they are not what they mostly are.

    One column after the other, and equal texts become one: a large batch takes the memory of one of its columns, not of
    all. A number too large for a float, in a column that nobody reads, passes here and nowhere else: it is JSON.
    """
    try:
        if not body.isascii():
            body.decode()  # what is skipped is not looked at
        parts = _BODY.decode(body)
        return None if _has_unclear_keys(body) else _decode_each(parts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decode_each(parts: Any) -> dict[str, Any]:  # noqa: ANN401 - a structure made at run time
    columns: dict[str, Any] = {}
    keys: list[Key] = []
    for name, decoder in DECODERS.items():
        column = decoder.decode(getattr(parts, name))
        if isinstance(column, dict):
            keys = keys or list(column)
            column = _share(column, keys, once=name != "valor")
        if column is not None:
            columns[name] = column
    return columns


def _share(column: dict[Key, Any], keys: list[Key], *, once: bool) -> Rows:
    """Let a column with the same keys in the same order, as exports have, share them.

    once: equal cells become one. Not for measured values, where 0.0 equals -0.0.
    """
    if list(column) != keys:
        return column
    if not once:
        return SharedRows(keys, list(column.values()))
    known: dict[Any, Any] = {}
    return SharedRows(keys, [known.setdefault(cell, cell) for cell in column.values()])


def _has_unclear_keys(body: bytes) -> bool:
    """Tell whether two row keys could become one number: "0" and "-0", also where they are written with escapes."""
    if b"\\" in body and ESCAPED_ASCII.search(body):
        return True
    pairs = (np.frombuffer(body, "<u2", (len(body) - offset) // 2, offset) for offset in (0, 1))
    return any(bool((each == QUOTED_MINUS).any()) for each in pairs)
