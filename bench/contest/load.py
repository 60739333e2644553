"""Load on one address: wrk for a few connections, and one request on each of many connections at once."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contest import burst
from bench.contest.processes import processor_seconds

SCRIPT = Path(__file__).with_name("post.lua")
LONGEST = 300
"""Seconds that a client waits for one answer."""


@dataclass(frozen=True)
class Target:
    """A server under load. roots: its processes. token: what it asks for. trusted: of a server with TLS."""

    url: str
    roots: tuple[int, ...]
    token: str
    trusted: Path | None = None


def drive(target: Target, body: Path, connections: int, seconds: float) -> dict[str, Any]:
    """Ask on some connections without a pause.

    Gives the rate, latencies in seconds, processor seconds a request of the server, and the load's own share of a core.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", f"{LONGEST}s", "-s", str(SCRIPT)]
    given = {"BENCH_BODY": str(body), "BENCH_AUTHORIZATION": f"Bearer {target.token}"}
    before, own = processor_seconds(target.roots), _of_children()
    run = subprocess.run([*command, target.url], env=os.environ | given, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    taken = told.pop("seconds")
    return told | {
        "rate": (told["requests"] - told["errors"]) / taken,
        "processor": (processor_seconds(target.roots) - before) / max(told["requests"], 1),
        "client": (_of_children() - own) / taken,
    }


def at_once(target: Target, body: bytes, count: int) -> dict[str, Any]:
    """Ask once on each of many connections. Gives the seconds until the last answer, and how many were none."""
    before, own = processor_seconds(target.roots), time.process_time()
    began = time.perf_counter()
    answers = burst.ask(burst.Request(target.url, body, target.token, target.trusted), count, LONGEST)
    taken = time.perf_counter() - began
    good = sorted(each.seconds for each in answers if each.status == 200)  # noqa: PLR2004
    return {
        "seconds": taken,
        "median": good[len(good) // 2] if good else None,
        "errors": count - len(good),
        "processor": (processor_seconds(target.roots) - before) / count,
        "client": (time.process_time() - own) / taken,
    }


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
