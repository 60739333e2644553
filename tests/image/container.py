"""Containers of the images that `deploy/image-check.sh` built, run by podman as docker-compose.yml runs them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from fcv_api.settings import ROOT

PLACE = ROOT / "build" / "image-check"
STORE = (
    "--root",
    PLACE / "store",
    "--runroot",
    PLACE / "run",
    "--storage-driver",
    os.environ.get("STORAGE_DRIVER", "vfs"),
)
PODMAN = ("podman", *STORE, "--cgroup-manager", "cgroupfs", "--runtime", "runc")
# As docker-compose.yml. The limits of files and processes are Docker's business; podman's own ask for more than root of
# a sandbox may give.
HARDENED = (
    *("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp", "--cap-drop", "all"),
    *("--security-opt", "no-new-privileges", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"),
    "--no-healthcheck",  # podman leaves it to systemd; a test runs the image's own command
)
USER = 10001
SECONDS_TO_START = 60


def podman(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run podman to its end, whatever comes of it."""
    return subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, check=False)


def succeed(*arguments: str | Path) -> str:
    """Run podman, and give what it said."""
    done = podman(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def image(name: str) -> str:
    """Give the name of one of the built images."""
    return f"localhost/{name}:image-check"


def described(name: str) -> dict[str, Any]:
    """Give what an image says of itself."""
    content: list[dict[str, Any]] = json.loads(succeed("image", "inspect", image(name)))
    return content[0]


@dataclass(frozen=True)
class Container:
    """A running service."""

    name: str
    url: str

    @property
    def address(self) -> tuple[str, int]:
        """Where it is reached."""
        return "127.0.0.1", int(self.url.rpartition(":")[2])

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it."""
        return podman("exec", self.name, *command)

    def sign_in(self, username: str, password: str) -> dict[str, str]:
        """Give the header that carries a token."""
        credentials = {"username": username, "password": password}
        answer = requests.post(f"{self.url}/auth/token", data=credentials, timeout=10)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def serving(port: int, *options: str, command: Sequence[str] = (image("fcv-mlapi"),)) -> Iterator[Container]:
    """Start the service's image, wait until it is live, and remove the container at the end."""
    container = Container(f"fcv-image-check-{port}", f"http://127.0.0.1:{port}")
    published = ("--publish", f"127.0.0.1:{port}:8000")
    succeed("run", "--detach", "--name", container.name, *HARDENED, *published, *options, *command)
    try:
        _wait_until_live(container)
        yield container
    finally:
        podman("rm", "--force", "--volumes", "--time", "5", container.name)


def _wait_until_live(container: Container) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            requests.get(f"{container.url}/health/live", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    logs = podman("logs", container.name)
    raise AssertionError(logs.stdout + logs.stderr)
