"""A real `fcv serve` on a port of its own."""

from __future__ import annotations

import hashlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from click.testing import CliRunner

from fcv_api.cli import main
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.lstm.trial import VERDICTS
from fcv_api.settings import ROOT

PASSWORD = "correct horse battery"
SECONDS_TO_START = 120
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py"), "wsgi:app"]
"""What `fcv serve` becomes when it has looked after settings, tables and the first account."""
SHIPPED = [hashlib.sha256(each.read_bytes()).hexdigest() for each in ROOT.glob("models/*/*/model.tflite")]
"""Loaded here before, as at a usual start. What a first start does is tested with malformed models."""


@dataclass(frozen=True)
class Service:
    """A running service. master: gunicorn's own process. environment: what a command needs to reach its database."""

    url: str
    folder: Path
    master: subprocess.Popen[bytes]
    environment: dict[str, str]

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def workers(self) -> list[int]:
        """Give the processes that answer."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def wait_for_workers(self) -> None:
        """Wait until all are there and hear signals: gunicorn waits 30 s for one that it stops just after the fork."""
        deadline, count = time.monotonic() + 20, int(self.environment.get("FCV_WORKERS", "2"))
        while self.master.poll() is None and time.monotonic() < deadline:
            workers = [pid for pid in self.workers() if not _is_beside(pid)]
            if len(workers) >= count and not any(map(_hears_as_the_master, workers)):
                break
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it."""
        self.wait_for_workers()
        self.master.terminate()
        self.master.wait(timeout=40)

    def log(self) -> str:
        """Give `app.log`."""
        return (self.folder / "app.log").read_text("utf-8")

    def fcv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on its database, in this process: another one takes a second to load what this one has."""
        return fcv(self.environment, *arguments)

    def sign_in(self, username: str = "ana") -> dict[str, str]:
        """Make an account, and give the header that carries its token."""
        credentials = {"username": username, "password": PASSWORD}
        requests.post(f"{self.url}/auth/create_user", json=credentials, timeout=60)
        answer = requests.post(f"{self.url}/auth/token", data=credentials, timeout=60)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def fcv(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, with the settings of an environment and no others."""
    done = CliRunner().invoke(main, arguments, env=fcv_settings(environment))
    said = f"{done.stderr}{done.exception or ''}"
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, said)


def fcv_settings(environment: dict[str, str]) -> dict[str, str | None]:
    """Return an environment that takes away this process's own settings."""
    own: dict[str, str | None] = {name: None for name in os.environ if name.startswith("FCV_")}
    return own | environment


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Service]:
    """Start a service with a database and a log of its own, wait for its first answer, and stop it at the end.

    By gunicorn itself, on a database that is migrated: `fcv serve` takes a second to load what gunicorn loads again.
    """
    with _until_the_end(start(folder, **settings, ITSELF="1")) as service:
        yield service


@contextmanager
def commanded(folder: Path, **settings: str) -> Iterator[Service]:
    """Do the same by `fcv serve`, as a person does."""
    with _until_the_end(start(folder, **settings)) as service:
        yield service


@contextmanager
def _until_the_end(service: Service) -> Iterator[Service]:
    try:
        wait_until_live(service)
        yield service
    finally:
        service.stop()


def start(folder: Path, options: tuple[str, ...] = (), /, **settings: str) -> Service:
    """Start a service, from the checkout CHECKOUT and by the command WRAPPER where given. It may not answer yet.

    ITSELF: by gunicorn itself, and not by `fcv serve`.
    """
    checkout, wrapper = settings.pop("CHECKOUT", str(ROOT)), settings.pop("WRAPPER", "")
    itself = settings.pop("ITSELF", "")
    (folder / VERDICTS).write_text("".join(f"{sha256} {RUNTIME}\n" for sha256 in SHIPPED), "utf-8")
    bind = settings.pop("BIND", None) or f"127.0.0.1:{free_port()}"
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'fcv.db'}",
        "JWT_SECRET": "0123456789abcdef" * 4,
        "LOG_DIR": str(folder),
        "BIND": bind,
        "TIMEZONE": "America/Bogota",
        "FEED": "off",  # development's `child` is one more process beside the workers
        "METRICS_BIND": "",  # and so is what Prometheus reads
        "FEED_METRICS_BIND": "",
    } | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FCV_")}
    environment = kept | {f"FCV_{name}": value for name, value in own.items()}
    program = GUNICORN if itself else [sys.executable, "-m", "fcv_api.cli", "serve", *options]
    if itself:
        done = fcv(environment, "db", "upgrade")
        assert done.returncode == 0, done.stderr
    with (folder / "output").open("wb") as output:
        master = subprocess.Popen(
            [*shlex.split(wrapper), *program], env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=checkout
        )
    return Service(f"http://{bind}", folder, master, environment)


def _is_beside(pid: int) -> bool:
    """Return whether a child of the master is no worker, but a program such as `fcv metrics --serve`."""
    try:
        return b"fcv_api.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just ended
        return True


def _hears_as_the_master(pid: int) -> bool:
    """Return whether a process still has the signal handlers that it was forked with: a worker has none for SIGHUP."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return False
    caught = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (signal.SIGHUP - 1) & 1)


def wait_until_live(service: Service) -> None:
    """Wait for the first answer."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            requests.get(f"{service.url}/health/live", timeout=5)
        except requests.ConnectionError:
            assert service.master.poll() is None, (service.folder / "output").read_text()
            time.sleep(0.02)
        else:
            return
    raise AssertionError((service.folder / "output").read_text())


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
