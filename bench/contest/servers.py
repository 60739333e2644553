"""The contenders: how each is started, as its own documents say, with two workers; and how it is stopped."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from proxied import certify, command, lay_out
from service import free_port

from bench.contest.load import Target
from fcv_api.settings import ROOT

ENVIRONMENTS = ROOT / ".venv-bench"
LONGEST_START, LONGEST_STOP = 120, 30


@dataclass(frozen=True)
class Contender:
    """A server to measure. environment: of `.venv-bench`, and its folder of `bench/contenders`.

    command: in that environment; `{port}` is filled in. predicts: whether its answer can be compared with ours.
    """

    name: str
    title: str
    environment: str
    command: tuple[str, ...]
    predicts: bool = True
    proxied: bool = False


OURS = ("python", "-m", "fcv_api.cli", "serve")
FLOOR = ("gunicorn", "--config", "bench/contenders/floor/gunicorn.conf.py", "bench.contenders.floor.app:app")
QUIET = ("--no-access-log", "--log-level", "warning")
CONTENDERS = (
    Contender("ours", "this service", "ours", OURS),
    Contender("ours-tls", "this service behind nginx with TLS", "ours", OURS, proxied=True),
    Contender(
        "thesis",
        "the thesis' way: FastAPI, pandas, Keras",
        "thesis",
        ("uvicorn", "bench.contenders.thesis.app:app", "--workers", "2", *QUIET, "--port", "{port}"),
    ),
    *(
        Contender(f"litserve-{own}", f"LitServe, {what}", "litserve", (*script.split(), "{port}"))
        for own, what, script in (
            ("pandas", "pandas", "python bench/contenders/litserve/pandas_app.py"),
            ("our", "our window code", "python bench/contenders/litserve/our_app.py"),
        )
    ),
    *(
        Contender(
            f"bentoml-{own}",
            f"BentoML, {what}",
            "bentoml",
            ("bentoml", "serve", f"bench.contenders.bentoml.{own}_app:Scorer", "--port", "{port}"),
        )
        for own, what in (("pandas", "pandas"), ("our", "our window code"))
    ),
    Contender("floor", "the floor: token, account, orjson, a constant", "floor", FLOOR, predicts=False),
    Contender("floor-again", "the floor once more: the noise", "floor", FLOOR, predicts=False),
)


@dataclass(frozen=True)
class Home:
    """Where all contenders run: one database, one token, certificates, logs, and ports that stay."""

    folder: Path
    port: int = field(default_factory=free_port)
    tls_ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    secret: str = field(default_factory=lambda: secrets.token_hex(32))

    def prepare(self) -> str:
        """Make database, account and proxy. Gives the token."""
        certify(self.folder / "nginx-own" / "certs", "localhost", "127.0.0.1")
        lay_out(self.folder / "nginx-own", [f"127.0.0.1:{self.port}"], self.tls_ports)
        self._fcv("db", "upgrade")
        self._fcv("users", "add", "bench", "--password-file", "-", given=secrets.token_hex(16))
        return self._fcv("users", "token", "bench", "--days", "1").split()[-1]

    def environment(self, *, proxied: bool = False) -> dict[str, str]:
        """Give what every contender gets: of this service what production needs, and no setting of the caller's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FCV_", "PYTHON"))}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "true",
            "FCV_ENV": "production",
            "FCV_DATABASE_URL": f"sqlite:///{self.folder / 'fcv.db'}",
            "FCV_JWT_SECRET": self.secret,
            "FCV_TIMEZONE": "America/Bogota",
            "FCV_LOG_DIR": str(self.folder),
            "FCV_BIND": f"127.0.0.1:{self.port}",
            "FCV_PROXIES": str(int(proxied)),
            "FCV_MODELS_DIR": "tests/fixtures/models",
            "FCV_MODEL": "fcv-untrained",
            "FCV_ALLOW_UNVALIDATED_MODEL": "1",
        }

    def _fcv(self, *arguments: str, given: str | None = None) -> str:
        command = [program("ours", "python"), "-m", "fcv_api.cli", *arguments]
        run = subprocess.run(
            command, env=self.environment(), cwd=ROOT, input=given, capture_output=True, text=True, check=False
        )
        if run.returncode:
            sys.exit(run.stderr)
        return run.stdout


@dataclass(frozen=True)
class Running:
    """A contender that answers. first_answer: seconds from its start to its first prediction."""

    target: Target
    first_answer: float


@contextmanager
def running(contender: Contender, home: Home, token: str, probe: bytes) -> Iterator[Running]:
    """Start a contender, wait for its first answer to `probe`, and stop it and all its processes at the end."""
    roots: list[subprocess.Popen[bytes]] = []
    url, trusted = f"http://127.0.0.1:{home.port}/predict", None
    output = (home.folder / f"{contender.name}.output").open("ab")
    try:
        if contender.proxied:
            roots.append(_start(command(home.folder / "nginx-own"), os.environ.copy(), output.fileno()))
            url = f"https://127.0.0.1:{home.tls_ports[0]}/predict"
            trusted = home.folder / "nginx-own" / "certs" / "ca.crt"
        _wait_for_port(home.port)
        began = time.perf_counter()
        words = [each.format(port=home.port) for each in contender.command]
        words[0] = program(contender.environment, words[0])
        roots.append(_start(words, home.environment(proxied=contender.proxied), output.fileno()))
        target = Target(url, tuple(each.pid for each in roots), token, trusted)
        _wait_for_answer(target, roots[-1], probe)
        yield Running(target, time.perf_counter() - began)
    finally:
        for each in reversed(roots):
            _stop(each)
        output.close()


def ask(target: Target, body: bytes) -> requests.Response:
    """Ask once."""
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
    trusted = str(target.trusted) if target.trusted else True
    return requests.post(target.url, body, headers=headers, verify=trusted, timeout=LONGEST_START)


def program(environment: str, name: str) -> str:
    """Give a program of a contender's environment."""
    path = shutil.which(name, path=str(ENVIRONMENTS / environment / "bin"))
    return path or sys.exit(f"There is no {name} in {ENVIRONMENTS / environment}: run `make bench`, which makes it.")


def _start(words: list[str], environment: dict[str, str], output: int) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that all that it starts can be ended."""
    return subprocess.Popen(
        words, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )


def _wait_for_port(port: int) -> None:
    """Wait until what ran before holds the port no longer: a process of its own may outlive it for a moment."""
    deadline = time.monotonic() + LONGEST_STOP
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    sys.exit(f"Port {port} is still held by the contender before.")


def _wait_for_answer(target: Target, server: subprocess.Popen[bytes], probe: bytes) -> None:
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(requests.ConnectionError):
            if ask(target, probe).ok:
                return
        time.sleep(0.01)
    sys.exit(f"No answer from {server.args!r}, which {'runs' if server.poll() is None else 'ended'}.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(LONGEST_STOP)
    with suppress(ProcessLookupError):  # what it left behind
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
