"""A request's columns: those that are read, and of the others only whether they are JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.encounter import COLUMNS
from fcv_api.wire.find_rows import find_rows

NAMES = ("idAtencion", *COLUMNS)
ABSENT = msgspec.Raw()
BODY = msgspec.json.Decoder(msgspec.defstruct("_Body", [(name, msgspec.Raw, ABSENT) for name in NAMES]))


def read_columns(body: bytes) -> dict[str, Any] | None:
    """Find the columns that are read, or give None where the body is nothing to find them in.

    A number too large for a float, in a cell that nobody reads, passes here and nowhere else: it is JSON.
    """
    try:
        if not body.isascii():
            body.decode()  # what is skipped is not looked at
        return _find_each(BODY.decode(body))
    except (msgspec.DecodeError, orjson.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None


def _find_each(parts: Any) -> dict[str, Any]:  # noqa: ANN401 - a structure made at run time
    columns: dict[str, Any] = {}
    first: ByteRows | None = None
    for name in NAMES:
        written = memoryview(getattr(parts, name))
        if written:
            found = find_rows(written, first)
            first = first or found
            columns[name] = orjson.loads(written) if found is None else found
    return columns
