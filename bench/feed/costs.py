"""Measure what a bed's five minutes cost by its memory, beside a served real `/predict` and the thesis' way.

make bench-parts

Processor time of the service's processes, of the turns, and of PostgreSQL's processes; SQLite works within the others.
Interleaved: in each round every bed posts its five minutes, its turn is scored, and as many real `/predict` are asked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench import bodies
from bench.contest.figures import OURS, THESIS, ratio
from bench.feed import monitors
from bench.feed.host import History, Host, fill, host
from fcv_api import maintenance, scoring
from fcv_api.accounts.system import feed_account
from fcv_api.app import database_app, load_models
from fcv_api.domain.answer_context import OFFLINE
from fcv_api.feed import turns
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.settings import ROOT, Settings

BEDS, ROUNDS, MINUTES = 20, 12, 5
PREDICT, FIVE, ONE, TURN = (
    "a real /predict, served",
    "5 posts of 13 rows, served",
    "1 post of 65 rows, served",
    "a turn",
)
STAGES = {
    "cut": "cut",
    "assess": "score",
    "hash_of": "record: the hash of what was used",
    "sources_of": "record: where each value came from",
    "entry_of": "record: the entry",
    "append": "record: append",
}


@dataclass
class Costs:
    """What was spent of the processor, in ms. counted: how often each was done. parts: of a turn."""

    own: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    database: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    counted: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    parts: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    latencies: list[float] = field(default_factory=list)

    @contextmanager
    def count(self, host: Host, what: str, times: int) -> Iterator[None]:
        """Count what a block costs. The turns are scored in this process, the rest is the service's."""
        before, here = host.spent, process_time()
        yield
        here, spent = process_time() - here, host.spent.since(before)
        self.own[what] += 1000 * (here if what == TURN else spent.service)
        self.database[what] += 1000 * spent.database
        self.counted[what] += times

    def of(self, what: str) -> tuple[float, float]:
        """Return what one costs: of the service or the turns, and of the database's processes."""
        return self.own[what] / self.counted[what], self.database[what] / self.counted[what]

    def part(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and is counted as a part of a turn."""

        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            began = process_time()
            try:
                return call(*args, **kwargs)
            finally:
                self.parts[name] += 1000 * (process_time() - began)

        return counted


class Client:
    """Asks the service over one connection."""

    def __init__(self, host: Host) -> None:
        self.headers = host.service.sign_in() | {"Content-Type": "application/json"}
        self.connection = HTTPConnection(*host.service.address, timeout=60)

    def post(self, path: str, body: bytes) -> float:
        """Return the seconds until the answer."""
        began = perf_counter()
        self.connection.request("POST", path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:  # noqa: PLR2004
            sys.exit(f"{answer.status}: {content!r}")
        return perf_counter() - began


def main() -> None:
    """Print a table, on SQLite or on a PostgreSQL of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        host(Path(folder), postgresql=given.postgresql, scores=False) as running,
    ):
        costs = measure(running, given.rounds)
    where = "PostgreSQL" if given.postgresql else "SQLite"
    print(f"\na bed's five minutes on {where}, {given.rounds} rounds of {BEDS} beds")
    report(costs)


def measure(host: Host, rounds: int) -> Costs:
    """Let two fleets post, one by the minute and one every five, and score both at each slot."""
    costs, client, predict = Costs(), Client(host), bodies.BODIES["real"]
    first = int(time.time()) // 300 * 5 - 5 * rounds - 5
    fill(host, History("api:ana", 2 * BEDS, first + 1))
    with _scoring(host, costs) as score:
        for done in range(-1, rounds):  # what only a first round pays is not counted
            counted, slot = costs if done >= 0 else Costs(), first + 5 * (done + 1)
            with counted.count(host, PREDICT, BEDS):
                for _ in range(BEDS):
                    client.post("/predict", predict)
            _post(host, counted, client, range(slot + 1, slot + 1 + MINUTES))
            if done < 0:
                costs.parts.clear()
            with counted.count(host, TURN, 2 * BEDS):
                score((slot + MINUTES) * 60_000_000)
            if done < 0:
                costs.parts.clear()
    return costs


def _post(host: Host, costs: Costs, client: Client, minutes: range) -> None:
    apart = [monitors.body(bed, minute) for minute in minutes for bed in range(BEDS)]
    together = [monitors.bodies_together(bed, minutes) for bed in range(BEDS, 2 * BEDS)]
    with costs.count(host, FIVE, BEDS):
        costs.latencies += [client.post("/observations", body) for body in apart]
    with costs.count(host, ONE, BEDS):
        for body in together:
            client.post("/observations", body)


@contextmanager
def _scoring(host: Host, costs: Costs) -> Iterator[Callable[[int], None]]:
    """Prepare what `fcv feed run` has, and count the parts of a turn."""
    os.environ |= {name: value for name, value in host.service.environment.items() if name.startswith("FCV_")}
    settings = Settings.from_environment(dotenv=None)
    app = database_app(settings, serving=True)
    models = load_models(settings, app)
    for name in STAGES:
        room = turns if hasattr(turns, name) else scoring
        setattr(room, name, costs.part(name, getattr(room, name)))
    maintenance.begin(app, settings)
    with app.app_context():
        feed = turns.Feed(models, feed_account().id, RUNTIME, OFFLINE)

        def score(end: int) -> None:
            if (recorded := turns.run_slot(feed, end)) != 2 * BEDS:
                sys.exit(f"{recorded} turns were recorded, and not {2 * BEDS}.")

        yield score


def report(costs: Costs) -> None:
    """Print a line for each, and the ratios that were wanted."""
    served = sum(costs.of(PREDICT))
    for what in (PREDICT, FIVE, ONE, TURN):
        own, database = costs.of(what)
        print(f"  {what:<28} {own:7.2f} ms + {database:5.2f} ms of PostgreSQL   {(own + database) / served:5.2f} x")
    for name, title in STAGES.items():
        print(f"    {title:<36} {costs.parts[name] / costs.counted[TURN]:7.2f} ms")
    turn = sum(costs.of(TURN))
    for what, wanted in ((FIVE, 1.5), (ONE, 0.6)):
        both, name = sum(costs.of(what)) + turn, what.removesuffix(", served")
        print(f"  {name} and a turn: {both / served:.2f} x (wanted: {wanted})")
    median = 1000 * statistics.median(costs.latencies)
    print(f"  a post of 13 rows, one connection: p50 {median:.1f} ms (wanted: under 5)")
    print(f"  the thesis' way: {thesis():.1f} x the same served /predict (bench/results.json)")


def thesis() -> float:
    """Return what the thesis' way costs beside a served real request, as `make bench` found it."""
    samples = json.loads((ROOT / "bench" / "results.json").read_text("utf-8"))["samples"]
    slow, ours = ([each["processor"] for each in samples[name]["real/8"]] for name in (THESIS, OURS))
    return ratio(slow, ours)


if __name__ == "__main__":
    main()
