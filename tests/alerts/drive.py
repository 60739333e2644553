"""Score the turns of some slots as one host, in a process of its own."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np

from fcv_api.alerts import live
from fcv_api.app import database_app
from fcv_api.domain.prediction import OFFLINE, ModelIdentity, Scorer, State
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.feed.turns import Feed, run_slot
from fcv_api.settings import Settings

STEP = 300_000_000


class Wavering:
    """Scores each window otherwise, and the same one alike."""

    identity, spec, classes = ModelIdentity("wavering", "1", "e" * 64), WindowSpec(), tuple(State)

    def score(self, scaled: Matrix) -> Matrix:
        """Return probabilities that hang on the last heart rate."""
        ill = abs(float(scaled[-1, 1] * 1000)) % 0.6
        return np.array([ill / 2, ill / 4, 1 - ill, ill / 4])


class WaveringModels:
    """Has one model."""

    def active(self) -> Scorer:
        """Return it."""
        return Wavering()

    def __getattr__(self, name: str) -> Any:
        """Fail for whatever a turn does not need."""
        raise AssertionError(name)


FEED = Feed(WaveringModels(), 7, "fake", OFFLINE)


def drive(settings: Settings, first: int, count: int, killed_at: int = 0) -> None:
    """Drive the slots one after the other.

    killed_at: at so many groups of turns it is killed, within the transaction that has recorded them and their alerts.
    """
    if killed_at:
        _die_at(killed_at)
    with database_app(settings).app_context():
        for slot in range(count):
            run_slot(FEED, first + slot * STEP)


def _die_at(number: int) -> None:
    """Have this process killed once it has followed some groups, before the last is committed."""
    follow, done = live.follow_records, list[int]()

    def follow_and_die(*given: Any) -> Any:
        held = follow(*given)
        done.append(1)
        if len(done) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return held

    live.follow_records = follow_and_die  # type: ignore[assignment]
