"""Bodies that would fill a memory: each is what one client may send, up to the limit of a body's size."""

from __future__ import annotations

from collections.abc import Callable

import orjson

JSON, CSV = "application/json", "text/csv"
Sent = tuple[bytes, str]
"""A body and its media type."""


def rows(size: int, encounters: int = 1000) -> bytes:
    """Make a batch of so many bytes, with names and times as real ones have."""
    count = size // 150
    columns = {
        "idAtencion": {row: row % encounters for row in range(count)},
        "nomSigno": dict.fromkeys(range(count), "MDC_ECG_HEART_RATE"),
        "valor": {row: 60 + row / count for row in range(count)},
        "fecRegistro": {row: f"2024-03-03 {row % 24:02}:{row % 60:02}:{row // 60 % 60:02}" for row in range(count)},
        "unidad": dict.fromkeys(range(count), "MDC_DIM_BEAT_PER_MIN"),
    }
    return orjson.dumps(columns, option=orjson.OPT_NON_STR_KEYS)


def of_one_row_each(count: int) -> bytes:
    """Make a batch of as many encounters as rows."""
    return rows(count * 150, encounters=count)


def wrong_cells(encounters: int) -> bytes:
    """Make the batch with the largest answer: of each encounter, twenty bad cells with long keys."""
    keys = [f"{row:0>60}" for row in range(encounters * 20)]
    columns: dict[str, object] = {name: dict.fromkeys(keys, True) for name in ("valor", "fecRegistro")}
    columns["idAtencion"] = {key: 10**18 + at // 20 for at, key in enumerate(keys)}
    return orjson.dumps(columns | {"nomSigno": dict.fromkeys(keys, "MDC_TEMP")})


LARGE_BODIES: dict[str, Callable[[int], Sent]] = {
    "many large batches": lambda size: (rows(size), JSON),
    "a CSV of one column": lambda size: (b"idAtencion\n" + b"1\n" * (size // 2), CSV),
    "a CSV of two columns": lambda size: (b"idAtencion,sede\n" + b"1,x\n" * min(400_000, size // 4), CSV),
    "an encounter a row": lambda _size: (of_one_row_each(100_000), JSON),
    "a column of many rows": lambda size: (b'{"valor":[' + b"1," * (size // 2) + b"1]}", JSON),
    "many columns": lambda size: (b"{" + b",".join(b'"%d":1' % at for at in range(size // 11)) + b"}", JSON),
    "many small objects": lambda size: (b"[" + b"{}," * (size // 3) + b"{}]", JSON),
    "many wrong cells": lambda _size: (wrong_cells(1000), JSON),
    "blank lines": lambda size: (b"idAtencion,valor,nomSigno,fecRegistro\n" + b"\n" * size, CSV),
}
"""By what they are, for a size in bytes that they are about as large as, or less."""
