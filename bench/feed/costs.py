"""Measure what a bed's five minutes cost by its memory, beside a served real `/predict` and the thesis' way.

make bench-parts

Processor time of the service's processes, of the turns, and of PostgreSQL's processes; SQLite works within the others.
Interleaved: in each round every bed posts its five minutes, its turn is scored, and as many real `/predict` are asked.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench import bodies
from bench.contest.figures import OURS, THESIS, ratio
from bench.feed import monitors
from bench.feed.host import History, Host, fill, host
from bench.feed.spent import Client, Costs
from fcv_api import maintenance, scoring
from fcv_api.accounts.system import feed_account
from fcv_api.app import database_app, load_models
from fcv_api.domain.prediction import OFFLINE
from fcv_api.feed import turns
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.settings import ROOT, Settings

BEDS, ROUNDS, MINUTES = 20, 12, 5
PREDICT = "a real /predict, served"
FIVE, ONE, TURN = "5 posts of 13 rows", "1 post of 65 rows", "a turn of them"
THIN_POST, THIN_TURN = "1 post of 13 rows", "a turn of it"
"""Of a bed whose nurse or gateway sends one set of rows in five minutes, as in the thesis' data."""
ROWS = (125 + 5 * ROUNDS / 2) * 13
"""That a turn reads, in the middle of the rounds."""
STAGES = {
    "cut": "cut",
    "assess": "score",
    "hash_of": "record: the hash of what was used",
    "sources_of": "record: where each value came from",
    "entry_of": "record: the entry",
    "append": "record: append",
}


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
    """Let three fleets post, by the minute, once a slot, and few rows; score all at each slot."""
    costs, client = Costs(), Client(host)
    first = int(time.time()) // 300 * 5 - 5 * rounds - 5
    fill(host, History("api:ana", 2 * BEDS, first + 1))
    fill(host, History("api:ana", BEDS, first + 1, step=MINUTES, first=2 * BEDS))
    with _scoring(host, costs) as score:
        for slot in range(first, first + 5 * (rounds + 1), 5):
            _round(host, costs, client, slot, score)
            if slot == first:  # what only a first round pays is not counted
                costs.clear()
    return costs


def _round(host: Host, costs: Costs, client: Client, slot: int, score: Callable[[int], int]) -> None:
    """Post a slot's minutes for all fleets, ask as many real `/predict`, and score. slot: its start, in minutes."""
    minutes, end, real = range(slot + 1, slot + 1 + MINUTES), (slot + MINUTES) * 60_000_000, bodies.BODIES["real"]
    apart = [monitors.body(bed, minute) for minute in minutes for bed in range(BEDS)]
    together = [monitors.bodies_together(bed, minutes) for bed in range(BEDS, 2 * BEDS)]
    thin = [monitors.body(bed, minutes[-1]) for bed in range(2 * BEDS, 3 * BEDS)]
    with costs.count(host, PREDICT, BEDS):
        client.post_all("/predict", [real] * BEDS)
    with costs.count(host, FIVE, BEDS):
        costs.latencies += client.post_all("/observations", apart)
    with costs.count(host, ONE, BEDS):
        client.post_all("/observations", together)
    with costs.count(host, TURN, 2 * BEDS, here=True), costs.in_parts():
        score(end)
    with costs.count(host, THIN_POST, BEDS):
        client.post_all("/observations", thin)
    with costs.count(host, THIN_TURN, BEDS, here=True):
        score(end)


@contextmanager
def _scoring(host: Host, costs: Costs) -> Iterator[Callable[[int], int]]:
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

        yield lambda end: turns.run_slot(feed, end)


def report(costs: Costs) -> None:
    """Print a line for each, what they come to, and the ratios that were wanted."""
    served = costs.of(PREDICT)
    for what in (PREDICT, FIVE, ONE, TURN, THIN_POST, THIN_TURN):
        own, database = costs.own[what] / costs.counted[what], costs.database[what] / costs.counted[what]
        print(f"  {what:<24} {own:7.2f} ms + {database:5.2f} ms of PostgreSQL   {costs.of(what) / served:5.2f} x")
        for name, title in STAGES.items() if what == TURN else ():
            print(f"    {title:<36} {costs.parts[name] / costs.counted[TURN]:7.2f} ms")
    for what, turn, wanted in ((FIVE, TURN, "1.5"), (ONE, TURN, "0.6"), (THIN_POST, THIN_TURN, "-")):
        print(f"  {what} and a turn: {(costs.of(what) + costs.of(turn)) / served:.2f} x (wanted: {wanted})")
    row = (costs.of(ONE) - costs.of(FIVE) / 5) / (65 - 13)
    print(f"  a post: {costs.of(FIVE) / 5 - 13 * row:.2f} ms and {row:.3f} ms a row")
    row = (costs.of(TURN) - costs.of(THIN_TURN)) / (ROWS - ROWS / MINUTES)
    print(f"  a turn: {costs.of(TURN) - ROWS * row:.2f} ms and {1000 * row:.2f} ms for 1,000 rows")
    print(f"  a post of 13 rows, one connection: p50 {costs.median_ms:.1f} ms (wanted: under 5)")
    print(f"  the thesis' way: {thesis():.1f} x the same served /predict (bench/results.json)")


def thesis() -> float:
    """Return what the thesis' way costs beside a served real request, as `make bench` found it."""
    samples = json.loads((ROOT / "bench" / "results.json").read_text("utf-8"))["samples"]
    slow, ours = ([each["processor"] for each in samples[name]["real/8"]] for name in (THESIS, OURS))
    return ratio(slow, ours)


if __name__ == "__main__":
    main()
