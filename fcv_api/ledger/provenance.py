"""Where the values of a turn's record came from, as `feed/provenance.py` packed it."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from fcv_api.ledger.record import Record

TEST = "test:"
"""Before the name of a source of tests: its records are no patient's."""


def unpacked(sources: bytes) -> dict[str, Any]:
    """Return the source, and of each cell sign, name, channel, time and arrival."""
    found: dict[str, Any] = orjson.loads(zlib.decompress(sources))
    return found


def source_of(record: Record) -> str | None:
    """Return the source of a turn's record; None for one that a client asked for."""
    return None if record.sources is None else str(unpacked(bytes(record.sources))["source"])
