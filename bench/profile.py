"""Where the time of our own request goes: a table by stage, and a flame graph of each body, in `docs/`.

    make profile

A timer interrupts whole requests every 0.7 ms and keeps the stack. A stage is told by the innermost function of a stack
that a rule knows, so nothing here depends on how a stage is written. What gunicorn and the kernel take beside that is
the processor time of the served request less the processor time of the same request in this process.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from types import CodeType

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from flask import Flask

from bench.bodies import BODIES
from bench.contest.load import drive
from bench.contest.machine import machine
from bench.contest.servers import CONTENDERS, Home, running
from bench.flame import Box, draw
from bench.request import post, service
from bench.stages import STAGES, Stack, name_of, sampled, stage_of
from fcv_api.settings import ROOT

WARM = 200


@dataclass(frozen=True)
class Profile:
    """Of one body. wall, processor: seconds a request, undisturbed. served: processor seconds behind gunicorn."""

    stacks: Counter[Stack]
    wall: float
    processor: float
    served: float

    def shares(self) -> dict[str, float]:
        """Give each stage's share of the samples."""
        found: Counter[str] = Counter()
        for stack, count in self.stacks.items():
            found[stage_of(stack)] += count
        return {stage: found[stage] / self.stacks.total() for stage in STAGES}


def main() -> None:
    """Profile both bodies, and write the page and its pictures."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--seconds", type=int, default=12, help="how long each body is sampled")
    parser.add_argument("--out", type=Path, default=ROOT / "bench", help="where profile.md and its pictures go")
    given = parser.parse_args()
    profiles = _profiles(given.seconds)
    for name, profile in profiles.items():
        title = f"{name} request: {profile.wall * 1000:.2f} ms, {profile.stacks.total():,} samples"
        draw(given.out / f"profile-{name}.svg", title, _boxed(profile.stacks))
    page = _page(profiles)
    (given.out / "profile.md").write_text(page, "utf-8")
    print(page)


def _profiles(seconds: int) -> dict[str, Profile]:
    served = _served(seconds)
    with tempfile.TemporaryDirectory() as folder:
        app, token = service(
            Path(folder),
            FCV_ENV="production",
            FCV_JWT_SECRET=secrets.token_hex(32),
            FCV_ALLOW_UNVALIDATED_MODEL="1",
        )
        return {name: _profile((app, token), body, served[name], seconds) for name, body in BODIES.items()}


def _profile(asked: tuple[Flask, str], body: bytes, served: float, seconds: int) -> Profile:
    for _ in range(WARM):
        post(*asked, "/predict", body)
    taken, processor = [], process_time()
    until = perf_counter() + seconds / 4
    while (start := perf_counter()) < until:
        post(*asked, "/predict", body)
        taken.append(perf_counter() - start)
    processor = (process_time() - processor) / len(taken)
    with sampled() as stacks:
        until = perf_counter() + seconds
        while perf_counter() < until:
            post(*asked, "/predict", body)
    return Profile(stacks, statistics.median(taken), processor, served)


def _served(seconds: int) -> dict[str, float]:
    """Give the processor seconds of a request behind gunicorn, on one connection."""
    (ours,) = (each for each in CONTENDERS if each.name == "ours")
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        token, found = home.prepare(), {}
        with running(ours, home, token, BODIES["minimal"]) as server:
            for name, body in BODIES.items():
                path = Path(folder) / f"{name}.json"
                path.write_bytes(body)
                drive(server.target, path, 8, 1)
                found[name] = drive(server.target, path, 1, max(seconds // 3, 1))["processor"]
    return found


def _boxed(stacks: Counter[Stack]) -> dict[tuple[Box, ...], int]:
    """Give each stack's functions, coloured by the stage that each of them is in."""
    return {
        tuple(Box(name_of(code), STAGES.index(stage_of(stack[: depth + 1]))) for depth, code in enumerate(stack)): count
        for stack, count in stacks.items()
    }


def _page(profiles: dict[str, Profile]) -> str:
    return PAGE.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        python=sys.version.split()[0],
        samples=" and ".join(f"{each.stacks.total():,}" for each in profiles.values()),
        table="\n".join(_lines(profiles)),
        functions="\n".join(f"| {' | '.join(line)} |" for line in _functions(profiles)),
    )


def _lines(profiles: dict[str, Profile]) -> Iterator[str]:
    shares = {name: each.shares() for name, each in profiles.items()}
    for stage in STAGES:
        cells = (
            f"{shares[name][stage] * each.wall * 1e6:,.0f} | {shares[name][stage]:.1%}"
            for name, each in profiles.items()
        )
        yield f"| {stage} | {' | '.join(cells)} |"
    rows = {
        "**whole request in one process, wall clock**": [each.wall for each in profiles.values()],
        "the same, processor time": [each.processor for each in profiles.values()],
        "served, 1 connection: processor time of all processes": [each.served for each in profiles.values()],
        "so gunicorn, sockets and the kernel": [each.served - each.processor for each in profiles.values()],
    }
    for title, figures in rows.items():
        yield f"| {title} | {' | '.join(f'{each * 1e6:,.0f} | ' for each in figures)}|"


def _functions(profiles: dict[str, Profile], count: int = 12) -> Iterator[tuple[str, str, str, str]]:
    """Give the functions in whose own lines, and calls into C, most samples are."""
    for name, profile in profiles.items():
        own: Counter[CodeType] = Counter()
        for stack, each in profile.stacks.items():
            own[stack[-1]] += each
        for code, each in own.most_common(count):
            share = each / profile.stacks.total()
            yield name, f"`{name_of(code)}`", f"{share * profile.wall * 1e6:,.0f}", f"{share:.1%}"


PAGE = """# Where the time of a request goes

Written by `make profile` on {date}: {machine}, Python {python},
{samples} samples of the real request (1,925 rows, 352 kB) and of the minimal one (180 rows, 15 kB). Microseconds of the
median request; a share of 1 % is known to about 0.1 %.

| stage | real, µs | share | minimal, µs | share |
|---|---:|---:|---:|---:|
{table}

The stage of a sample is that of the innermost function that a rule in `bench/stages.py` knows. What a library does
counts for who called it: the database's time is in *token and account* and in *record*, and so is waiting for the disk.

## Flame graphs

The width of a box is its share; what it calls is beneath it; its colour is its stage. Opened by itself, a picture tells
a box's full name and share under the pointer.

![real request](profile-real.svg)

![minimal request](profile-minimal.svg)

## Functions

Own lines and calls into C, without the Python functions called.

| request | function | µs | share |
|---|---|---:|---:|
{functions}
"""

if __name__ == "__main__":
    main()
