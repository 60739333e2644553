"""Attack services that are started here, on the loopback, and print what came of it. `make attack` runs it.

Ends with 1 where something was not as it must be.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attacks import ATTACKS, LONG, SHORT, Answers, Scale
from beds import Seen, settled, usual, watched
from hosts import hosts
from large_bodies import LARGE_BODIES
from postgres import cluster, new_database
from recorded_answers import assert_verified
from service import running
from target import Target

from bench.contest.machine import machine

MOST, LEFT, TIMES = 1024, 100, 10
"""MB while it happens; MB more than at the start a minute after; how many times its usual p95 others may wait."""
REFUSED = {413, 415, 422, 503}
BROKEN = "a worker ended for memory"
"""The attack in which connections may break: those that the worker held."""
FULL_SHM = 'mount -t tmpfs -o size=64k,nr_inodes=2 tmpfs /dev/shm && touch /dev/shm/full && exec "$@"'


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Target]:
    """Start one service on SQLite."""
    with running(folder, WORKERS="2") as service:
        yield Target([service], service.sign_in())


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Target]:
    """Start one service of four workers on PostgreSQL."""
    with cluster() as server, running(folder, WORKERS="4", DATABASE_URL=new_database(server.url)) as service:
        yield Target([service], service.sign_in())


@contextmanager
def on_two_hosts(folder: Path) -> Iterator[Target]:
    """Start two services on one PostgreSQL."""
    with cluster() as server, hosts(folder, new_database(server.url), WORKERS="2") as both:
        services = [each.service for each in both]
        yield Target(services, services[0].sign_in())


@contextmanager
def in_full_shm(folder: Path) -> Iterator[Target]:
    """Start one service that sees a `/dev/shm` which takes no file more: in a mount namespace of its own, as root."""
    with running(folder, WORKERS="2", WRAPPER=f"unshare --mount sh -c '{FULL_SHM}' sh") as service:
        yield Target([service], service.sign_in())


SETUPS: dict[str, Callable[[Path], AbstractContextManager[Target]]] = {
    "SQLite, two workers": on_sqlite,
    "PostgreSQL, four workers": on_postgresql,
    "PostgreSQL, two hosts of two workers": on_two_hosts,
    "SQLite, two workers, a full /dev/shm": in_full_shm,
}


def main() -> None:
    """Attack, and print a table for each setup."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--long", action="store_true", help="64 bodies of 32 MB at once, for 20 s each.")
    options.add_argument("--setup", action="append", choices=SETUPS, help="Only this one.")
    options.add_argument("--attack", action="append", choices=ATTACKS, help="Only this one.")
    given = options.parse_args()
    print(f"# Attacks\n\n{datetime.now(UTC):%Y-%m-%d}, {machine()}, {LONG if given.long else SHORT}\n")
    wrong = []
    for name in given.setup or SETUPS:
        if SETUPS[name] is in_full_shm and os.geteuid():
            print(f"## {name}\n\nNot run: only root may mount.\n")
            continue
        with tempfile.TemporaryDirectory() as folder, SETUPS[name](Path(folder)) as target:
            wrong += [f"{name}: {each}" for each in attacked(name, target, given)]
    print("Nothing was wrong." if not wrong else "Wrong:\n" + "\n".join(f"- {each}" for each in wrong))
    sys.exit(bool(wrong))


def attacked(name: str, target: Target, given: argparse.Namespace) -> list[str]:
    """Run the attacks on one setup, print its table, and return what was wrong."""
    scale, wrong = LONG if given.long else SHORT, []
    for kind in LARGE_BODIES.values():  # what a parser allocates once is no leak
        target.post("/predict/batch", kind(1_000_000)[0], {"Content-Type": kind(1_000)[1]})
    start = usual(target, 5)
    print(f"## {name}\n\n{start.most:.0f} MB at the start.\n")
    print("| attack | answers | others: p95 before and meanwhile | MB at most, after | wrong |\n|---|---|---|---|---|")
    for attack in given.attack or ATTACKS:
        found = one(target, attack, scale, start)
        wrong += [f"{attack}: {each}" for each in found]
    for each in target.services:
        if "'status': 500" in each.log():
            wrong.append("a 500 in the log")
    assert_verified(target.services[0])
    print("\nThe record was verified.\n", flush=True)
    return wrong


def one(target: Target, attack: str, scale: Scale, before: Seen) -> list[str]:
    """Run one attack, print its row, and return what was wrong. before: all that was seen between attacks so far."""
    start = before.most
    before.add(usual(target, 2))
    with watched(target) as seen:
        answers = ATTACKS[attack](target, scale)
    left = settled(target, start + LEFT)
    wrong = faults_of(attack, answers, before, seen) + ([f"{left:.0f} MB after"] if left > start + LEFT else [])
    waits = f"{before.p95():.0f} ms, {seen.p95():.0f} ms ({seen.p95() / before.p95():.1f} times)"
    others = ", ".join(f"{count} times {status}" for status, count in sorted(seen.statuses.items()))
    sent = ", ".join(f"{count} times {status}" for status, count in sorted(answers.items()) or [(0, 0)] if count)
    print(
        f"| {attack} | {sent or '-'} | {waits}; {others} | {seen.most:.0f}, {left:.0f} | {'; '.join(wrong)} |",
        flush=True,
    )
    return wrong


def faults_of(attack: str, answers: Answers, before: Seen, seen: Seen) -> list[str]:
    """Return what was not as it must be while an attack ran."""
    broken = {0} if attack == BROKEN else set()
    checks = {
        f"answered {set(answers)}": set(answers) <= REFUSED | {200} | broken,
        f"others got {dict(seen.problems)}": set(seen.statuses) <= {200} | broken,
        f"{seen.most:.0f} MB": seen.most < MOST,
        f"others waited {seen.p95() / before.p95():.1f} times as long": seen.p95() < TIMES * before.p95(),
    }
    return [words for words, fine in checks.items() if not fine]


if __name__ == "__main__":
    main()
