"""What a feed of some hundred beds does to `/predict`: a fixed rate of half the most, without the feed and beside it.

The phases alternate, each as long as a slot, so that each with the feed holds the turns of one.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.feed.beside import predicting
from bench.feed.host import History, Host, fill, host
from bench.feed.load import SETTLE, SLOT
from bench.feed.posts import Pace, drive, lines
from bench.feed.report import Figures, at, ms, verdict

BEDS, MINUTES, PAIRS = 500, 5.0, 2
MOST_WANTED = 1.2
SECONDS_OF_THE_MOST = 15.0
WARM = 5.0


def figures(folder: Path, beds: int, minutes: float) -> Figures:
    """Measure both in turn, and return what came of it. minutes: of one phase."""
    with host(folder, postgresql=True) as running:
        headers = running.service.sign_in()
        rate = _most(running, headers) / 2
        without, fed = list[float](), list[float]()
        fill(running, History("api:ana", beds, int(time.time() // 60)))
        for _ in range(PAIRS):
            without += _phase(running, headers, rate, Pace(0, time.time(), 60 * minutes))
            fed += _phase(
                running, headers, rate, Pace(beds, _slot_due() if minutes >= MINUTES else time.time(), 60 * minutes)
            )
        turns = running.rows("SELECT count(*) FROM predictions WHERE slot IS NOT NULL")[0][0]
    ratio = at(fed, 0.95) / at(without, 0.95)
    return {
        "load": f"{beds:,} beds on PostgreSQL beside {rate:.0f} real /predict a second, half of the most",
        "without the feed": _latencies(without),
        "with it": f"{_latencies(fed)}, {turns} turns",
        "p95, with : without": f"{ratio:.2f} ({verdict(good=ratio <= MOST_WANTED)}: {MOST_WANTED})",
        "not answered": str(sum(each == float("inf") for each in without + fed)),
    }


def _latencies(seconds: list[float]) -> str:
    return f"{len(seconds):,}, p50 {ms(seconds, 0.5)}, p95 {ms(seconds, 0.95)}, p99 {ms(seconds, 0.99)}"


def _phase(host: Host, headers: dict[str, str], rate: float, pace: Pace) -> list[float]:
    """Return what `/predict` took while some beds post; none is a phase without the feed."""
    time.sleep(max(pace.began - time.time(), 0))
    with predicting(host, headers, rate) as seconds:
        if pace.beds:
            drive(lines(host.service.address, headers["Authorization"], pace), pace)
        time.sleep(max(pace.began + pace.seconds - time.time(), 0))
    return seconds


def _slot_due() -> float:
    """Return when a slot has just been due: the phase that begins then holds the whole of the next one's turns."""
    return (time.time() - SETTLE) // SLOT * SLOT + SLOT + SETTLE + 1


def _most(host: Host, headers: dict[str, str]) -> float:
    """Return how many real requests a second are answered at most, by as many clients as the load has."""
    with predicting(host, headers, 10_000) as seconds:
        time.sleep(WARM)
        before = len(seconds)
        time.sleep(SECONDS_OF_THE_MOST)
        answered = len(seconds) - before
    return answered / SECONDS_OF_THE_MOST
