"""Schedulers of turns as processes of their own. Each kills or freezes itself at named points of a turn, one by one."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any

from fed import FEED
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import scoring
from fcv_api.app import database_app
from fcv_api.extensions import db
from fcv_api.feed import turns
from fcv_api.settings import Settings

POINTS = ("locked", "cut", "scored", "advanced", "appended", "committed")
"""What a scheduler has just done. After `appended` comes nothing but the commit."""
STRIKES = tuple(itertools.product(POINTS, (signal.SIGKILL, signal.SIGSTOP)))
FROZEN = (0.1, 0.3, 0.3, 1.0, 1.0, 3.5)
"""Seconds: under and over the 750 ms of PostgreSQL's clock, and over the 3 s that SQLite's others wait."""
STOPPED = -1
FORK = multiprocessing.get_context("fork")  # what is imported is imported already


class Shared:
    """What all processes see. slot: which one is driven now, or STOPPED. counts: strikes made, by STRIKES."""

    def __init__(self) -> None:
        self.slot: Any = RawValue("q", 0)  # raw: a process that is killed while it holds a lock keeps it
        self.next: Any = RawValue("q", 0)
        self.counts: Any = RawArray("q", len(STRIKES))

    def made(self) -> Counter[str]:
        """Return how often each strike was made."""
        names = (f"{signal.Signals(number).name} {point}" for point, number in STRIKES)
        return Counter(dict(zip(names, self.counts, strict=True)))


class Striker:
    """Strikes its own process after some passages of a point, and then takes the next of STRIKES."""

    def __init__(self, shared: Shared, seed: int) -> None:
        self._shared, self._random = shared, random.Random(seed)
        self._choose()

    def _choose(self) -> None:
        self._strike = self._shared.next.value % len(STRIKES)
        self._shared.next.value += 1
        each_turn = STRIKES[self._strike][0] in ("cut", "scored")
        self._left = self._random.randrange(40 if each_turn else 4)

    def passed(self, point: str) -> None:
        """Strike, where it is time."""
        if point != STRIKES[self._strike][0]:
            return
        self._left -= 1
        if self._left < 0:
            number = STRIKES[self._strike][1]
            self._shared.counts[self._strike] += 1
            self._choose()
            os.kill(os.getpid(), number)

    def watch(self) -> None:
        """Pass a point wherever this process is done with one. It is a child's: nothing is put back."""
        for owner, name, point in (
            (turns, "_due", "locked"),
            (turns, "cut", "cut"),
            (scoring, "assess", "scored"),
            (turns, "append", "appended"),
            (turns, "_run_some", "committed"),
        ):
            setattr(owner, name, self._watched(getattr(owner, name), point))

    def _watched(self, real: Callable[..., Any], point: str) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            if point == "appended":
                self.passed("advanced")
            found = real(*given, **named)
            if found and found != ([], 0):  # nothing was due
                self.passed(point)
            return found

        return watched


def drive(settings: Settings, host: str, shared: Shared, seed: int) -> None:
    """Drive the slot of the moment again and again, as `fcv feed run` does each ten seconds."""
    socket.gethostname = lambda: host
    Striker(shared, seed).watch()
    with database_app(settings, serving=settings.database_url.startswith("postgresql")).app_context():
        while (slot := shared.slot.value) != STOPPED:
            if slot:
                _drive_once(slot)
            time.sleep(0.2)
        db.engine.dispose()


def _drive_once(slot: int) -> None:
    try:
        turns.run_slot(FEED, slot)
    except SQLAlchemyError:
        time.sleep(0.1)  # away or locked: tried again, as `fcv feed run` does


@dataclass
class Scheduler:
    """One process, and the next one in its place. until: when a frozen one is ended, or goes on."""

    host: str
    begin: Callable[[str], BaseProcess]
    process: BaseProcess
    until: float = 0.0

    def tend(self, chance: random.Random) -> None:
        """Begin another one where it was killed; end it or let it go on where it was frozen long enough."""
        if not self.process.is_alive():
            assert self.process.exitcode == -signal.SIGKILL
            self.process, self.until = self.begin(self.host), 0.0
        elif not self._is_frozen():
            self.until = 0.0
        elif not self.until:
            self.until = time.monotonic() + chance.choice(FROZEN)
        elif time.monotonic() > self.until:
            self.strike(chance.choice((signal.SIGKILL, signal.SIGCONT, signal.SIGCONT)))
            self.until = 0.0

    def strike(self, number: int) -> None:
        """Send it a signal."""
        if self.process.is_alive():
            os.kill(self.process.pid or 0, number)

    def _is_frozen(self) -> bool:
        state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2]
        return state.startswith("T")


@contextmanager
def schedulers(settings: dict[str, Settings], hosts: tuple[str, ...], shared: Shared) -> Iterator[list[Scheduler]]:
    """Start a scheduler on each of some hosts, of which one may have several. At the end let all finish."""
    seeds = itertools.count()

    def begin(host: str) -> BaseProcess:
        process = FORK.Process(target=drive, args=(settings[host], host, shared, next(seeds)))
        process.start()
        return process

    found = [Scheduler(host, begin, begin(host)) for host in hosts]
    try:
        yield found
    finally:
        shared.slot.value = STOPPED
        for each in found:
            each.strike(signal.SIGCONT)
        for each in found:
            _finish(each)


def _finish(scheduler: Scheduler) -> None:
    """Let a scheduler go on, however often it freezes once more, until it ends by itself."""
    deadline = time.monotonic() + 20
    while scheduler.process.is_alive() and time.monotonic() < deadline:
        scheduler.strike(signal.SIGCONT)
        scheduler.process.join(0.1)
    if scheduler.process.is_alive():
        scheduler.process.kill()
    scheduler.process.join()
