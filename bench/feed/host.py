"""One host: a database with a history of beds, the service as it is served, and `fcv feed run` beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from postgres import Server, cluster, new_database
from service import Service, running

from bench.contest.processes import memory, processor_seconds
from bench.feed import monitors
from fcv_api.settings import ROOT

DURABLE = "-c fsync=on -c max_connections=100 -c shared_buffers=1GB -c max_wal_size=8GB"
WAITS = "-c log_lock_waits=on -c deadlock_timeout=500ms"
"""PostgreSQL writes a line for each lock that is waited for over half a second."""
USUAL = {"FEED": "on", "WORKERS": "2", "TOKEN_MINUTES": "240"}
"""A load signs in once, before the beds' past is written."""
COLUMNS = "encounter, source, sign, at, channel, name, status, sent_at, value, unit, flag, received_at"
SECOND = 1_000_000


class Spent(NamedTuple):
    """Processor seconds so far."""

    service: float
    feed: float
    database: float

    def since(self, before: Spent) -> Spent:
        """Return what was spent after another moment."""
        return Spent(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True)
class Host:
    """A host that runs. feed: `fcv feed run`; None where the turns are driven otherwise."""

    service: Service
    postgres: Server | None
    feed: subprocess.Popen[bytes] | None

    @property
    def spent(self) -> Spent:
        """Processor seconds of its processes. SQLite works within the service's and the feed's."""
        feed = processor_seconds([self.feed.pid]) if self.feed else 0.0
        database = processor_seconds([_postmaster(self.postgres)]) if self.postgres else 0.0
        return Spent(processor_seconds([self.service.master.pid]), feed, database)

    @property
    def megabytes(self) -> float:
        """Memory of the service and of the feed (PSS)."""
        return memory([self.service.master.pid, *([self.feed.pid] if self.feed else [])])

    @property
    def waits(self) -> int:
        """How often a lock of PostgreSQL's was waited for over half a second."""
        return (
            (self.postgres.place / "log").read_text("utf-8", "replace").count("still waiting") if self.postgres else 0
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what a query finds."""
        engine = sa.create_engine(self.service.environment["FCV_DATABASE_URL"], poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def run(self, query: str) -> None:
        """Run a statement outside transactions."""
        engine = sa.create_engine(self.service.environment["FCV_DATABASE_URL"], isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(query))
        engine.dispose()


@contextmanager
def host(folder: Path, *, postgresql: bool, scores: bool = True, **settings: str) -> Iterator[Host]:
    """Start PostgreSQL where asked for, the service, and the feed where it scores; stop them at the end."""
    with ExitStack() as stack:
        server = stack.enter_context(cluster(f"{DURABLE} {WAITS}")) if postgresql else None
        own = {"DATABASE_URL": new_database(server.url)} if server else {}
        service = stack.enter_context(running(folder, **(USUAL | own | settings)))
        feed = stack.enter_context(_feed(service)) if scores else None
        yield Host(service, server, feed)


@contextmanager
def _feed(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "fcv_api.cli", "feed", "run"]
    with (service.folder / "feed.output").open("wb") as output:
        feed = subprocess.Popen(command, env=service.environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield feed
    finally:
        feed.terminate()
        feed.wait(timeout=40)


def _postmaster(server: Server) -> int:
    return int((server.place / "data" / "postmaster.pid").read_text().split()[0])


@dataclass(frozen=True)
class History:
    """What beds measured in the minutes before `end`, a minute since the epoch; a post every `step` minutes."""

    source: str
    beds: int
    end: int
    minutes: int = 125
    step: int = 1
    first: int = 0


def fill(host: Host, past: History, observed: Iterable[monitors.Observed] | None = None) -> None:
    """Let beds have a history, written past the service. observed: of one bed, where it is not what monitors post."""
    one = monitors.history(past.end, past.minutes, past.step) if observed is None else observed
    rows = [
        (past.source, sign, at, channel, name, status, at, value, unit, flag, at)
        for sign, at, channel, name, status, value, unit, flag in one
    ]
    engine = sa.create_engine(host.service.environment["FCV_DATABASE_URL"])
    connection = engine.raw_connection()
    cursor: Any = connection.cursor()
    encounters = range(monitors.FIRST + past.first, monitors.FIRST + past.first + past.beds)
    if host.postgres:
        lines = "".join("\t".join(("BED", *map(str, row))) + "\n" for row in rows)
        with cursor.copy(f"COPY observations ({COLUMNS}) FROM STDIN") as copy:
            for encounter in encounters:
                copy.write(lines.replace("BED", str(encounter)))
    else:
        marks = ", ".join("?" * len(COLUMNS.split(",")))
        for encounter in encounters:
            own = ((encounter, *row) for row in rows)
            cursor.executemany(f"INSERT INTO observations ({COLUMNS}) VALUES ({marks})", own)  # noqa: S608 - ours
    connection.commit()
    connection.close()
    engine.dispose()
    host.run("ANALYZE observations")
