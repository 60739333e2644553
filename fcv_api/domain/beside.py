"""What the channels say that a window does not read: a danger is one by whichever probe it was measured.

Each channel stands by itself: two values are successive where one channel measured them one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.dangers import critical_value
from fcv_api.domain.raw_window import Raw
from fcv_api.domain.stored import Channel
from fcv_api.domain.words import ScoreWarning


def critical_beside(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of each other channel with two successive values in the danger range, the later in the last three slots."""
    stored = raw.encounter.stored
    for channel in stored.beside if stored else ():
        if values := _confirmed(raw, channel):
            yield critical_value("critical_value.channel", raw, (channel.sign, values), channel.source)


def _confirmed(raw: Raw, channel: Channel) -> list[float]:
    """Return the values of the last slots that lie in the danger range, where two successive ones do; else none."""
    step = np.timedelta64(round(raw.step_minutes * 60_000_000), "us")
    inside = channel.instants > raw.instants[0] - step
    values, recent = channel.values[inside], channel.instants[inside] > raw.instants[-limits.LAST_ROWS] - step
    danger = (values <= limits.LOW[channel.sign]) | (values >= limits.HIGH[channel.sign])
    found: list[float] = values[danger & recent].tolist() if (danger[1:] & danger[:-1] & recent[1:]).any() else []
    return found
