"""A PostgreSQL server of the tests' own, on a port and in a folder that nobody else has."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

QUICK = "-c fsync=off -c max_connections=200"
"""What a test needs."""
ENOUGH = 2 * 1024**3
"""Bytes of memory for servers of all processes of the tests."""
UNPRIVILEGED = "postgres"
"""Whom the server runs as where the tests run as root, which it refuses."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server. programs: where `pg_ctl`, `pg_dump` and the others are. settings: options."""

    programs: Path
    place: Path
    port: int
    settings: str = QUICK

    @property
    def url(self) -> str:
        """Give its URL, without a database."""
        return f"postgresql+psycopg://fcv@127.0.0.1:{self.port}"

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run a program of PostgreSQL as whom the server runs as."""
        command = [self.programs / program, *arguments]
        user = UNPRIVILEGED if os.getuid() == 0 else None
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=self.place)

    def control(self, *arguments: str) -> None:
        """Run `pg_ctl`, and wait until it is done."""
        self.run("pg_ctl", "-D", self.place / "data", "-w", "-l", self.place / "log", *arguments)

    def start(self) -> None:
        """Start it, on the port that it has."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.place} {self.settings}"
        self.control("-o", options, "start")

    def stop(self) -> None:
        """Stop it as a power failure would."""
        self.control("-m", "immediate", "stop")

    def hang(self, *, on: bool = True) -> None:
        """Let it and all its processes say nothing any more, while its host keeps their connections; or go on."""
        postmaster = int((self.place / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in [postmaster, *map(int, children)]:
            os.kill(pid, signal.SIGSTOP if on else signal.SIGCONT)


@contextmanager
def cluster(settings: str = QUICK) -> Iterator[Server]:
    """Start a server, and stop it. Skips where PostgreSQL is not installed."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    folder = memory() if settings == QUICK else None
    with tempfile.TemporaryDirectory(prefix="fcv-postgres-", dir=folder) as place:
        if os.getuid() == 0:
            shutil.chown(place, UNPRIVILEGED)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            server = Server(Path(found).resolve().parent, Path(place), probe.getsockname()[1], settings)
        server.run("initdb", "-D", server.place / "data", "-U", "fcv", "-A", "trust", "-E", "UTF8")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def new_database(server: str, template: str = "template1") -> str:
    """Make a database, an empty one or a copy of another one, and give its URL."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'.encode())
    return f"{server}/{name}"


def drop_database(url: str) -> None:
    """Take a database away, whoever is connected to it: a test leaves 8 MB, which may be of memory."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def memory() -> Path | None:
    """Return memory that is a folder, where there is enough: a database is made there in a tenth of the time."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > ENOUGH else None
