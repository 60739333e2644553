"""What a turn's record says of the observations that it used, so that an incident is examined after they are purged."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import Any

import orjson

from fcv_api.domain.stays import slot_of
from fcv_api.feed.cut import Cut


def hash_of(taken: Cut) -> str:
    """Hash the observations that were used, as the record does a body."""
    return sha256(orjson.dumps([(*key, *said) for key, said, _received in taken.used])).hexdigest()


def sources_of(source: str, taken: Cut) -> bytes:
    """Return where the value of each cell came from, packed: the last one of a sign in each slot of the window.

    Of what lies before the window the newest of each sign is kept, for that is what fills a gap.
    """
    cells: dict[tuple[int, int], tuple[Any, ...]] = {}
    for key, _said, received in taken.used:  # by time within a sign
        slot = slot_of(key.at) if key.at > taken.after else 0
        cells[key.sign, slot] = (key.sign, key.name, key.channel, key.at, received)
    return zlib.compress(orjson.dumps({"source": source, "cells": list(cells.values())}))


def unpacked(sources: bytes) -> dict[str, Any]:
    """Return what `sources_of` packed: the source, and of each cell sign, name, channel, time and arrival."""
    found: dict[str, Any] = orjson.loads(zlib.decompress(sources))
    return found
