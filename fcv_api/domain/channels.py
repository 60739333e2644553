"""Which name and which channel of a sign a window is cut from: one of each serves the whole window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import HIGHEST, LOWEST
from fcv_api.domain.slots import slot_ends
from fcv_api.domain.vitals import SIGNS

HEART_RATE = "MDC_ECG_HEART_RATE"
BEAT_RATE = "MDC_ECG_CARD_BEAT_RATE"
"""How monitors of IHE PCD name the heart rate, by the same code."""
Source = tuple[str, str]
"""A name and a channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Observations of one stay that have a value, in any order.

    signs: (n,) index into `vitals.SIGNS`. values: (n,). instants: (n,) datetime64[us]. sources: n names and channels.
    """

    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    sources: Sequence[Source]


def chosen(observed: Observed, after: np.datetime64, step: np.timedelta64) -> NDArray[np.bool_]:
    """Return which observations a window reads, (n,). after: the window's start. step: a slot's length.

    The heart rate by its own name where it is there at all, then the channel with values in most slots of the window,
    then the lower channel. A sign without a value inside, as a temperature that is carried, is chosen from all.
    """
    plausible = (observed.values >= LOWEST[observed.signs]) & (observed.values <= HIGHEST[observed.signs])
    slots = slot_ends(observed.instants, step).astype(np.int64)
    inside = observed.instants > after
    place = {source: at for at, source in enumerate(sorted(set(observed.sources)))}
    sources = np.zeros(len(observed.signs), dtype=np.intp)
    if len(place) > 1:
        sources[:] = [place[each] for each in observed.sources]
    kept = np.zeros(len(observed.signs), dtype=np.bool_)
    for sign in range(len(SIGNS)):
        own = observed.signs == sign
        usable = np.flatnonzero(own & plausible)
        usable = usable if len(usable) else np.flatnonzero(own)  # of those that none serves it is warned
        counted = usable[inside[usable]] if inside[usable].any() else usable
        if not len(counted):
            continue
        best = sources[counted[0]]
        if (sources[counted] != best).any():
            filled = set(zip(sources[counted].tolist(), slots[counted].tolist(), strict=True))
            best = place[_best([list(place)[source] for source, _slot in filled])]
        kept |= own & (sources == best)
    return kept


def _best(filled: Sequence[Source]) -> Source:
    """Return the source that serves, from one entry a filled slot: at least one."""
    by_name = [each for each in filled if each[0] == HEART_RATE] or filled
    ranked = {source: (-by_name.count(source), channel_order(source[1]), source) for source in set(by_name)}
    return min(ranked, key=ranked.__getitem__)


def channel_order(channel: str) -> list[tuple[bool, int, str]]:
    """Return what channels are ordered by: part by part, numbers as numbers and before text, so 1.2 before 1.10."""
    parts = re.split(r"[.^&/ -]", channel) if channel else []
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
