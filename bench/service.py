"""Measure the running service: time to its first answer, and the memory of all its processes (PSS, Linux only).

make bench-parts
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.contest.processes import memory
from fcv_api.settings import ROOT

STARTS = 5
FCV = str(Path(sys.executable).with_name("fcv"))


def main() -> None:
    """Start the service some times and print what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = os.environ | {
            "FCV_DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}",
            "FCV_LOG_DIR": folder,
            "FCV_JWT_SECRET": secrets.token_hex(32),
            "FCV_BIND": f"127.0.0.1:{port}",
        }
        subprocess.run([FCV, "db", "upgrade"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        taken, memory = zip(*[_start_once(environment, port) for _ in range(STARTS)], strict=True)
    print(f"\n`fcv serve`, migrated, {STARTS} starts")
    print(f"  first answer     {sorted(taken)[STARTS // 2]:7.2f} s    (slowest {max(taken):.2f} s)")
    print(
        f"  memory           {max(memory):7.0f} MB   PSS of the master and two workers, after a request to each check"
    )


def _start_once(environment: dict[str, str], port: int) -> tuple[float, float]:
    """Give the seconds to the first answer, and the memory in MB."""
    began = time.perf_counter()
    with subprocess.Popen(
        [FCV, "serve"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as master:
        try:
            while not _answers(f"http://127.0.0.1:{port}/health/ready"):
                time.sleep(0.01)
            taken = time.perf_counter() - began
            for _ in range(50):  # so that both workers have loaded what a request needs
                _answers(f"http://127.0.0.1:{port}/health/ready")
            return taken, memory([master.pid])
        finally:
            master.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, ConnectionError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
