"""The processor time of several ways to work on the same things, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import process_time
from typing import Any

Ways = Mapping[str, Callable[[Any], object]]


def spent(ways: Ways, rounds: Iterable[Sequence[bytes]]) -> dict[str, list[float]]:
    """Return the milliseconds that each way took for one thing, round by round.

    The first round is left out: it pays what only a first one does.
    """
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number, things in enumerate(rounds):
        for way, work in ways.items():
            started = process_time()
            work(things)
            if number:
                found[way].append((process_time() - started) / len(things) * 1000)
    return found
