"""The rounds: every contender in turn, each time from its start, and in another order each time.

One contender runs at a time, so none takes the processor from another; what all of a round have in common is the hour.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.bodies import BODIES
from bench.contest.load import at_once, drive
from bench.contest.processes import memory
from bench.contest.servers import CONTENDERS, Contender, Home, Running, ask, running

CONNECTIONS = (1, 8)
CLOSE_ENOUGH = 1e-4
"""How far a probability may be from ours."""
PARSER = "json.loads"
Samples = dict[str, dict[str, list[Any]]]
"""By contender, and by what was measured: one figure or one dictionary of figures a round."""


@dataclass(frozen=True)
class Plan:
    """How much is measured. seconds: of each load. bursts: in how many rounds `at_once` clients ask at one moment."""

    rounds: int = 9
    seconds: int = 3
    warm_seconds: int = 1
    bursts: int = 3
    at_once: int = 1000
    contenders: tuple[str, ...] = field(default_factory=lambda: tuple(each.name for each in CONTENDERS))

    def has_burst(self, number: int) -> bool:
        """Tell whether a round has bursts: the first, and others at equal distances."""
        return self.bursts > 0 and number % -(-self.rounds // self.bursts) == 0

    def order(self, number: int) -> list[Contender]:
        """Begin each round with the next one; turn every second round around."""
        chosen = [each for each in CONTENDERS if each.name in self.contenders]
        start = number * 2 % len(chosen)
        turned = chosen[start:] + chosen[:start]
        return turned[::-1] if number % 2 else turned


def check(home: Home, token: str, plan: Plan) -> None:
    """Let every contender answer both requests, and exit where one answers otherwise than this service."""
    told: dict[str, dict[str, Any]] = {}
    for contender in [each for each in CONTENDERS if each.predicts and each.name in {"ours", *plan.contenders}]:
        with running(contender, home, token, BODIES["minimal"]) as server:
            told[contender.name] = {name: ask(server.target, body).json() for name, body in BODIES.items()}
        differences = [_difference(told[contender.name][name], told["ours"][name]) for name in BODIES]
        print(f"  {contender.name:<16} differs from ours by {max(differences):.1e}", flush=True)
        if not max(differences) <= CLOSE_ENOUGH:
            sys.exit(f"{contender.title} answers otherwise: {told[contender.name]}")


def _difference(told: dict[str, Any], ours: dict[str, Any]) -> float:
    if told["State"] != ours["State"]:
        return float("inf")
    return max(float(abs(told["inferences"][name] - each)) for name, each in ours["inferences"].items())


def measure(home: Home, token: str, plan: Plan, after: Callable[[Samples], None]) -> Samples:
    """Run all rounds. after: is given what there is so far after each."""
    samples: Samples = {}
    bodies = {name: _written(home.folder / f"{name}.json", body) for name, body in BODIES.items()}
    for number in range(plan.rounds):
        began = time.monotonic()
        for contender in plan.order(number):
            with running(contender, home, token, BODIES["minimal"]) as server:
                for name, figures in _cells(server, plan, bodies, plan.has_burst(number)).items():
                    samples.setdefault(contender.name, {}).setdefault(name, []).append(figures)
        for name, body in BODIES.items():
            samples.setdefault(PARSER, {}).setdefault(f"{name}/1", []).append(_parse(body, plan.warm_seconds))
        print(f"  round {number + 1} of {plan.rounds}: {time.monotonic() - began:.0f} s", flush=True)
        after(samples)
    return samples


def _cells(server: Running, plan: Plan, bodies: dict[str, Path], burst: bool) -> dict[str, Any]:  # noqa: FBT001
    target = server.target
    for path in bodies.values():
        drive(target, path, CONNECTIONS[-1], plan.warm_seconds)
    cells: dict[str, Any] = {"first_answer": server.first_answer}
    for name, path in bodies.items():
        for connections in CONNECTIONS:
            cells[f"{name}/{connections}"] = drive(target, path, connections, plan.seconds)
    cells["memory"] = memory(target.roots)
    if burst:
        for name, body in BODIES.items():
            cells[f"{name}/at once"] = at_once(target, body, plan.at_once)
    return cells


def _parse(body: bytes, seconds: float) -> dict[str, float]:
    """Parse a body again and again by the standard library, in this process and without a server."""
    taken, began = [], time.perf_counter()
    while (start := time.perf_counter()) - began < seconds:
        json.loads(body)
        taken.append(time.perf_counter() - start)
    mean = statistics.mean(taken)
    p99 = statistics.quantiles(taken, n=100)[98]
    return {"rate": 1 / mean, "p50": statistics.median(taken), "p99": p99, "processor": mean, "errors": 0}


def _written(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path
