"""What the memory of beds knows of an encounter besides the rows of its window, so that its warnings lose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGNS


class Source(NamedTuple):
    """A name and a channel, by which a monitor sends a sign."""

    name: str
    channel: str


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """What one channel measured of one sign, by its index. instants: (n,), ascending, datetime64[us]. values: (n,)."""

    sign: int
    source: Source
    instants: NDArray[np.datetime64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Values of one sign, by its index, that came at once for one instant and lay `apart`: their mean was stored."""

    sign: int
    instant: np.datetime64
    apart: float


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What only the store knows. read: by which source the window reads a sign, of those that name a channel.

    beside: what other channels measured of its moving signs.
    """

    read: Mapping[int, Source] = field(default_factory=dict)
    beside: tuple[Channel, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def figures_of(sign: int, source: Source) -> dict[str, str]:
    """Return a source as a warning's figures: its channel, and its name where the sign has another one."""
    named = {} if source.name == SIGNS[sign].name else {"name": source.name}
    return {"channel": source.channel} | named


def words_of(sign: int, source: Source) -> tuple[str, str]:
    """Return a source in English and Spanish."""
    name = "" if source.name == SIGNS[sign].name else f" ({source.name})"
    if not source.channel:
        return f"a channel without a name{name}", f"un canal sin nombre{name}"
    return f"channel {source.channel}{name}", f"el canal {source.channel}{name}"
