"""What a turn's record says of the observations that it used, so that an incident is examined after they are purged."""

from __future__ import annotations

import zlib
from hashlib import sha256

import numpy as np
import orjson

from fcv_api.domain.stays import SLOT
from fcv_api.feed.cut import Cut


def hash_of(taken: Cut) -> str:
    """Hash the observations that were used, as the record does a body."""
    return sha256(orjson.dumps([row[:9] for row in taken.rows])).hexdigest()


def sources_of(source: str, taken: Cut) -> bytes:
    """Return where the value of each cell came from, packed: the last one of a sign in each slot of the window.

    Of what lies before the window the newest of each sign is kept, for that is what fills a gap.
    """
    slots = np.where(taken.times > taken.after, -(-taken.times // SLOT) * SLOT, 0)  # by time within a sign
    last = np.flatnonzero((np.diff(taken.signs, append=-1) != 0) | (np.diff(slots, append=-1) != 0))
    cells = []
    for place in last.tolist():
        sign, at, channel, name, *_said = row = taken.rows[place]
        cells.append((sign, name, channel, at, row[9]))
    return zlib.compress(orjson.dumps({"source": source, "cells": cells}))
