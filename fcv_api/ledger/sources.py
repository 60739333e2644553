"""Where the values of a turn's record came from."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

TEST = "test:"
"""What the name of a source begins with that sends no patients."""


def packed(source: str, cells: list[Any]) -> bytes:
    """Return what a record keeps. cells: of each, its sign, name, channel, time and arrival."""
    return zlib.compress(orjson.dumps({"source": source, "cells": cells}))


def unpacked(sources: bytes) -> dict[str, Any]:
    """Return what `packed` packed."""
    found: dict[str, Any] = orjson.loads(zlib.decompress(sources))
    return found


def is_test(sources: bytes | None) -> bool:
    """Return whether a record is of a test source. None: no turn's."""
    return sources is not None and str(unpacked(sources)["source"]).startswith(TEST)


def source_of(sources: bytes | None) -> str | None:
    """Return the source of a turn's record; None for one that a client asked for."""
    return None if sources is None else str(unpacked(bytes(sources))["source"])
