"""What a turn's record says of the observations that it used, so that an incident is examined after they are purged."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import orjson

from fcv_api.domain.samples import Sampling
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.feed.cut import Cut
from fcv_api.ledger.sources import packed


def hash_of(taken: Cut) -> str:
    """Hash the observations that were used, as the record does a body."""
    return sha256(orjson.dumps([row[:9] for row in taken.rows])).hexdigest()


def sources_of(source: str, taken: Cut, spec: WindowSpec) -> bytes:
    """Return where the value of each cell came from, packed: the last one of a sign in each slot of the window.

    Of what lies before the window the newest of each sign is kept, for that is what fills a gap. Of a window of means
    all are kept: each is part of one.
    """
    step = int(step_of(spec).astype(np.int64))
    slots = np.where(taken.times > taken.after, -(-taken.times // step) * step, 0)  # by time within a sign
    last = (np.diff(taken.signs, append=-1) != 0) | (np.diff(slots, append=-1) != 0)
    cells = []
    for place in np.flatnonzero(last | (spec.sampling is Sampling.MEAN)).tolist():
        sign, at, channel, name, *_said = row = taken.rows[place]
        cells.append((sign, name, channel, at, row[9]))
    return packed(source, cells)
