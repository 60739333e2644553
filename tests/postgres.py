"""A PostgreSQL server of the tests' own, on a port and in a folder that nobody else has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

UNPRIVILEGED = "postgres"
"""Whom the server runs as where the tests run as root, which it refuses."""


def cluster() -> Iterator[str]:
    """Start a server, give its URL without a database, and stop it. Skips where PostgreSQL is not installed."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    programs = Path(found).parent
    user = UNPRIVILEGED if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="fcv-postgres-") as place, socket.socket() as probe:
        if user:
            shutil.chown(place, user)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data = f"{place}/data"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {place} -c fsync=off"
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", f"{place}/log"]

        def run(*command: str | Path) -> None:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=place)

        run(programs / "initdb", "-D", data, "-U", "fcv", "-A", "trust", "-E", "UTF8")
        run(*control, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://fcv@127.0.0.1:{port}"
        finally:
            run(*control, "-m", "immediate", "stop")


def new_database(server: str) -> str:
    """Make an empty database, and give its URL."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"
