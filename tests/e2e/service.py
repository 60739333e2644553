"""A real `fcv serve` on a port of its own."""

from __future__ import annotations

import hashlib
import os
import shlex
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
SECONDS_TO_START = 60
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

    def log(self) -> str:
        """Give `app.log`."""
        return (self.folder / "app.log").read_text("utf-8")

    def fcv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on its database, in this process: another one takes a second to load what this one has."""
        others = {name: None for name in os.environ if name.startswith("FCV_")}
        done = CliRunner().invoke(main, arguments, env=others | self.environment)
        said = f"{done.stderr}{done.exception or ''}"
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, said)

    def sign_in(self, username: str = "ana") -> dict[str, str]:
        """Make an account, and give the header that carries its token."""
        credentials = {"username": username, "password": PASSWORD}
        requests.post(f"{self.url}/auth/create_user", json=credentials, timeout=10)
        answer = requests.post(f"{self.url}/auth/token", data=credentials, timeout=10)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Service]:
    """Start a service with a database and a log of its own, wait for its first answer, and stop it at the end."""
    service = start(folder, **settings)
    try:
        wait_until_live(service)
        yield service
    finally:
        service.master.terminate()
        service.master.wait(timeout=40)


def start(folder: Path, options: tuple[str, ...] = (), /, **settings: str) -> Service:
    """Start a service, from the checkout CHECKOUT and by the command WRAPPER where given. It may not answer yet."""
    checkout, wrapper = settings.pop("CHECKOUT", str(ROOT)), settings.pop("WRAPPER", "")
    (folder / VERDICTS).write_text("".join(f"{sha256} {RUNTIME}\n" for sha256 in SHIPPED), "utf-8")
    bind = settings.pop("BIND", None) or f"127.0.0.1:{free_port()}"
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'fcv.db'}",
        "JWT_SECRET": "0123456789abcdef" * 4,
        "LOG_DIR": str(folder),
        "BIND": bind,
        "TIMEZONE": "America/Bogota",
        "FEED": "off",  # development's `child` is one more process beside the workers
    } | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FCV_")}
    environment = kept | {f"FCV_{name}": value for name, value in own.items()}
    command = [*shlex.split(wrapper), sys.executable, "-m", "fcv_api.cli", "serve", *options]
    with (folder / "output").open("wb") as output:
        master = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=checkout)
    return Service(f"http://{bind}", folder, master, environment)


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
