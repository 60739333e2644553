"""Figures of the ward's pages, measured on a real service, and the file that keeps them."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from service import Service
from visits import Ward

TICKS = os.sysconf("SC_CLK_TCK")
FILE = Path(__file__).resolve().parents[3] / "bench" / "ward.md"
HEAD = """# What the ward's pages cost

Written by `make page-check` on {day}: {processor}, {count} processors, load {load:.1f} when it began, Python {python}.
60 made-up beds with six hours of scores, `fcv serve` with two workers on SQLite. What else ran, the load says.

| figure | measured | at most |
|---|---|---|
"""


@dataclass
class Figures:
    """Rows of the table: what, how much, and its limit. The load is that of the machine before anything ran."""

    load: float = field(default_factory=lambda: os.getloadavg()[0])
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def keep(self, what: str, measured: str, limit: str) -> None:
        """Add a row, and print it."""
        self.rows.append((what, measured, limit))
        print(f"{what}: {measured} ({limit})")

    def write(self) -> None:
        """Write the file."""
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        named = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
        processor = named[0] if named else platform.machine()
        head = HEAD.format(
            day=datetime.now(UTC).date(), processor=processor, count=os.cpu_count(), load=self.load,
            python=platform.python_version(),
        )  # fmt: skip
        FILE.write_text(head + "".join(f"| {' | '.join(row)} |\n" for row in self.rows), "utf-8")


@dataclass(frozen=True, slots=True)
class Real:
    """A ward behind a real server. cookie: of the session of somebody who looks, as a header holds it."""

    service: Service
    ward: Ward
    cookie: str


def processor_ms(service: Service) -> float:
    """Return the processor time that a service's processes have taken, in milliseconds."""
    return sum(map(_of_process, [service.master.pid, *service.workers()]))


def _of_process(pid: int) -> float:
    told = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) * 1000 / TICKS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over the wire. size: with its headers, in bytes. ms: from the connection to the last byte."""

    status: int
    size: int
    ms: float
    headers: dict[str, str]

    @property
    def tag(self) -> str:
        """Its ETag."""
        return self.headers.get("etag", "")


def ask(service: Service, path: str, **headers: str) -> Answer:
    """Ask for a page over a connection of its own, byte by byte as it is."""
    lines = [f"GET {path} HTTP/1.1", "Host: ward", "Connection: close", "Accept-Language: es"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    began = time.perf_counter()
    with socket.create_connection(service.address, timeout=30) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        content = b"".join(iter(lambda: line.recv(65536), b""))
    ms = (time.perf_counter() - began) * 1000
    first, *told = content.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in told)}
    return Answer(int(first.split()[1]), len(content), ms, named)


def wait_for_a_new_minute() -> None:
    """Wait until a minute is young: what is shown changes with it."""
    if (into := time.time() % 60) > 20:
        time.sleep(61 - into)


@contextmanager
def spent(service: Service) -> Iterator[list[float]]:
    """Measure what a block costs a service: processor time in milliseconds, and how long it took in seconds."""
    found: list[float] = []
    before, began = processor_ms(service), time.monotonic()
    yield found
    found += [processor_ms(service) - before, time.monotonic() - began]
