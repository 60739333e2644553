"""A restart behind a socket that stays open, as systemd keeps it: nobody is refused, who comes meanwhile waits."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from service import free_port
from steady import SteadyLoad

from fcv_api.settings import ROOT

SHORT = os.environ.get("FAULTS_SHORT") == "1"
RESTARTS = 1 if SHORT else 10
SERVE = [sys.executable, "-m", "fcv_api.cli", "serve"]
CREDENTIALS = {"username": "ana", "password": "correct horse battery"}
# The descriptor becomes number 3 and is announced to the very process that serves, as systemd does.
HAND_OVER = 'exec env LISTEN_PID=$$ LISTEN_FDS=1 "$@" 3<&"$SOCKET"'

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the settings of a service of the test's own. It must not listen where FCV_BIND says."""
    own = {
        "FCV_DATABASE_URL": f"sqlite:///{tmp_path / 'fcv.db'}",
        "FCV_JWT_SECRET": "0123456789abcdef" * 4,
        "FCV_LOG_DIR": str(tmp_path),
        "FCV_BIND": "127.0.0.1:1",
        "FCV_METRICS_BIND": "",
        "FCV_TIMEZONE": "America/Bogota",
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("FCV_")} | own


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Give a socket that stays open from the first service to the last."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as opened:
        yield opened


def started(listening: socket.socket, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    number = listening.fileno()
    return subprocess.Popen(
        ["bash", "-c", HAND_OVER, "bash", *SERVE],
        env=environment | {"SOCKET": str(number)},
        pass_fds=[number],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def signed_in(url: str) -> str:
    """Wait for the service, and sign in."""
    requests.post(f"{url}/auth/create_user", json=CREDENTIALS, timeout=30)
    answer = requests.post(f"{url}/auth/token", data=CREDENTIALS, timeout=30)
    return f"Bearer {answer.json()['access_token']}"


def wait_for_answers(load: SteadyLoad) -> None:
    """Wait until the service that was started last answers its clients."""
    wanted, deadline = load.statuses[200] + 20, time.monotonic() + 60
    while load.statuses[200] < wanted and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_service_that_is_stopped_and_started_under_load_refuses_nobody(
    listening: socket.socket, environment: dict[str, str]
) -> None:
    port = listening.getsockname()[1]
    service = started(listening, environment)
    try:
        with SteadyLoad("127.0.0.1", port, signed_in(f"http://127.0.0.1:{port}")) as load:
            for _ in range(RESTARTS):
                wait_for_answers(load)
                service.terminate()
                service.wait(timeout=40)
                time.sleep(0.5)  # nobody is there, and clients wait
                service = started(listening, environment)
            wait_for_answers(load)
    finally:
        service.terminate()
        service.wait(timeout=40)
    print(f"\n{RESTARTS} restarts: {dict(load.statuses)}, longest wait {load.longest:.1f} s {load.reasons[:3]}")
    assert set(load.statuses) == {200}
    assert load.statuses[200] > 10 * RESTARTS
    assert load.longest < 30


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="systemd-socket-activate is not installed")
def test_the_first_connection_starts_the_service_on_the_socket_of_systemd(environment: dict[str, str]) -> None:
    port = free_port()
    passed = [f"--setenv={name}" for name in environment if name.startswith(("FCV_", "PYTHON", "PATH", "LD_"))]
    command = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", *passed, *SERVE]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as service:
        try:
            assert "Listening on" in (service.stderr.readline() if service.stderr else "")
            answer = requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=30)
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        finally:
            service.terminate()
