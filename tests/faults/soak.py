"""Half an hour of everything at once, through nginx: no error, and memory, files and threads stay flat.

`make soak` runs it, and writes bench/soak.md and bench/soak.png; `make soak MINUTES=1` tries it.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from clients import JSON, distinct_request
from conftest import FIXTURES
from meanwhile import meanwhile
from processes import Held, held_by
from proxied import Proxy, proxied
from recorded_answers import assert_verified
from service import PASSWORD, Service, running

from bench.batch import batch_of
from bench.contest.machine import machine
from fcv_api.settings import ROOT
from fcv_api.wire.example import example_batch, example_csv

CLIENTS, BETWEEN = 4, 5.0
PAUSE = 0.08
"""Seconds between two requests of a client."""
WARM = 0.2
"""The share of the time after which nothing may grow."""
GROWTH = 1.05
Sample = tuple[float, Held, int]


@dataclass
class Soak:
    """What is asked, and what came of it. kinds: requests by kind and status; errors: what was not wanted."""

    service: Service
    proxy: Proxy
    token: dict[str, str]
    began: float = field(default_factory=time.monotonic)
    kinds: Counter[tuple[str, int]] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    number: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, done: threading.Event) -> None:
        """Be one client: one kind of request after the other, by chance."""
        with self.lock:
            self.number += 1
            dice = random.Random(self.number)
        trusted = ssl.create_default_context(cafile=str(self.proxy.ca))
        connection = HTTPSConnection("127.0.0.1", self.proxy.port, timeout=60, context=trusted)
        kinds = list(KINDS)
        while not done.wait(PAUSE):
            kind = dice.choices(kinds, [KINDS[each][0] for each in kinds])[0]
            _, wanted, method, path, make = KINDS[kind]
            body, headers = make(dice)
            began = time.monotonic()
            connection.request(method, path, body, self.token | headers)
            answer = connection.getresponse()
            answer.read()
            self._note(kind, wanted, answer.status, began)
        connection.close()

    def _note(self, kind: str, wanted: int, status: int, began: float) -> None:
        with self.lock:
            self.kinds[kind, status] += 1
            if kind == "predict, real":
                self.seconds.append((began - self.began, time.monotonic() - began))
            if status != wanted:
                self.errors.append(f"{kind}: {status}")

    def watch(self, done: threading.Event) -> None:
        """Look at what the workers hold, every few seconds."""
        while not done.wait(BETWEEN):
            workers = self.service.workers()
            held = held_by(*workers)
            self.samples.append((time.monotonic() - self.began, held, len(workers)))


def _json(body: Any) -> tuple[bytes, dict[str, str]]:
    return json.dumps(body).encode(), JSON


REAL = (FIXTURES / "encounter_5501.json").read_bytes()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SPOILT = example_batch() | {"valor": dict.fromkeys(example_batch()["valor"], "n/a")}
WARD = json.dumps(batch_of([json.loads(REAL) | {"idAtencion": bed} for bed in range(10)])).encode()
# How often, the status that is wanted, and how it is asked.
KINDS: dict[str, tuple[float, int, str, str, Any]] = {
    "predict, real": (40, 200, "POST", "/predict", lambda _: (REAL, JSON)),
    "predict, minimal": (30, 200, "POST", "/predict", lambda dice: _json(distinct_request(dice.randrange(500)))),
    "predict, keyed": (
        5,
        200,
        "POST",
        "/predict",
        lambda dice: (REAL, JSON | {"Idempotency-Key": f"soak-{dice.random()}"}),
    ),
    "predict, no JSON": (3, 400, "POST", "/predict", lambda _: (b"{nothing", JSON)),
    "predict, spoilt": (5, 422, "POST", "/predict", lambda _: _json(SPOILT | {"idAtencion": 1})),
    "batch, ten real": (1, 200, "POST", "/predict/batch", lambda _: (WARD, JSON)),
    "batch, CSV": (3, 200, "POST", "/predict/batch", lambda _: (example_csv().encode(), {"Content-Type": "text/csv"})),
    "predictions": (5, 200, "GET", "/predictions?limit=50", lambda _: (None, {})),
    "latest": (1, 200, "GET", "/predictions?latest=1&limit=50", lambda _: (None, {})),
    "ready": (4, 200, "GET", "/health/ready", lambda _: (None, {})),
    "nothing": (2, 404, "GET", "/nothing", lambda _: (None, {})),
    "sign-in": (
        1,
        200,
        "POST",
        "/auth/token",
        lambda _: (urlencode({"username": "ana", "password": PASSWORD}).encode(), FORM),
    ),
}


def main() -> None:
    """Load, look, and say what was seen. Ends with 1 where something was not as it must be."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--out", type=Path, default=ROOT / "bench")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder, PROXIES="1", TOKEN_MINUTES="120") as service, proxied(folder / "nginx", service) as proxy:
            soak = Soak(service, proxy, service.sign_in())
            with meanwhile(soak.watch), meanwhile(soak.ask, CLIENTS):
                time.sleep(given.minutes * 60)
            assert_verified(service)
            lines = service.log().count("'request_id':")
    wrong = faults_of(soak)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "soak.md").write_text(told(soak, given.minutes, lines, wrong), "utf-8")
    draw(soak, given.out / "soak.png")
    print((given.out / "soak.md").read_text("utf-8"))
    sys.exit(bool(wrong))


def faults_of(soak: Soak) -> list[str]:
    """Say what was not as it must be: an error, or more held at the end than after the warming."""
    wrong = [f"{count} x {what}" for what, count in Counter(soak.errors).items()]
    warm = [held for at, held, _ in soak.samples if at >= WARM * soak.samples[-1][0]]
    half = len(warm) // 2
    for name in Held._fields:
        before, after = (median(getattr(each, name) for each in part) for part in (warm[:half], warm[half:]))
        if after > before * GROWTH:
            wrong.append(f"{name} grew from {before:.1f} to {after:.1f}")
    return wrong


def told(soak: Soak, minutes: float, lines: int, wrong: list[str]) -> str:
    """Write the page."""
    rows = "\n".join(f"| {kind} | {status} | {count:,} |" for (kind, status), count in sorted(soak.kinds.items()))
    warm = next(held for at, held, _ in soak.samples if at >= WARM * soak.samples[-1][0])
    p95 = sorted(seconds for _, seconds in soak.seconds)[int(0.95 * (len(soak.seconds) - 1))]
    return f"""# {minutes:g} minutes of mixed load

`make soak`, {datetime.now(UTC):%Y-%m-%d}, {machine()}, Python
{platform.python_version()}: {CLIENTS} clients through nginx with TLS, two workers.

{soak.kinds.total():,} requests, {len(soak.errors)} answers that were not wanted, {lines:,} lines in the log. The record
was verified afterwards. A real request took {p95 * 1000:.0f} ms at most in 95 of 100 cases.

The workers together held {warm} after {WARM * minutes:g} minutes, and {soak.samples[-1][1]} at the end.
{"Nothing grew." if not wrong else "**Not as it must be:** " + "; ".join(wrong) + "."}

| request | status | answers |
|---|---|---|
{rows}

![memory, files and threads of the workers, and the time of a real request, over the run](soak.png)
"""


def draw(soak: Soak, file: Path) -> None:
    """Draw what was held, and how long a real request took, over the minutes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(4, 1, sharex=True, figsize=(9, 8), layout="constrained")
    minutes = [at / 60 for at, _, _ in soak.samples]
    labels = {"megabytes": "memory, MB (PSS)", "files": "open files", "threads": "threads"}
    for axis, (name, label) in zip(axes, labels.items(), strict=False):
        axis.plot(minutes, [getattr(held, name) for _, held, _ in soak.samples], color="#1f5a8a")
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
    axes[3].plot(*_p95_by_minute(soak), color="#8a3a1f")
    axes[3].set_ylabel("real request,\np95 in ms")
    axes[3].set_ylim(bottom=0)
    axes[3].set_xlabel("minutes")
    figure.suptitle("Two workers under mixed load")
    figure.savefig(file, dpi=110)


def _p95_by_minute(soak: Soak) -> tuple[list[float], list[float]]:
    by_minute: dict[int, list[float]] = {}
    for at, seconds in soak.seconds:
        by_minute.setdefault(int(at // 30), []).append(seconds)
    found = {half: sorted(each)[int(0.95 * (len(each) - 1))] * 1000 for half, each in sorted(by_minute.items())}
    return [(half + 0.5) / 2 for half in found], list(found.values())


if __name__ == "__main__":
    main()
