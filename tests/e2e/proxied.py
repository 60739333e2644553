"""The real nginx, with the very files of `deploy/`, in front of real services."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from service import Service, free_port

from fcv_api.settings import ROOT

needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
DEPLOY = ROOT / "deploy"
ADDRESS = re.compile(r"\b(?:127\.0\.0\.1|10\.0\.0\.\d+):8000\b")
SECONDS_TO_START = 10


@dataclass(frozen=True)
class Proxy:
    """A running nginx. url: its TLS port. plain: the port that refuses. ca: what a client must trust."""

    url: str
    plain: str
    ca: Path
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """The port of TLS, on 127.0.0.1."""
        return int(self.url.rpartition(":")[2])

    def log(self) -> str:
        """Give the access log."""
        return (self.folder / "access.log").read_text("utf-8")


@contextmanager
def proxied(folder: Path, *services: Service, changes: dict[str, str] | None = None) -> Iterator[Proxy]:
    """Start nginx in front of one service, as on a bare host, or of several. changes: words of its files to replace."""
    folder.mkdir(exist_ok=True)
    certify(folder / "certs", "localhost", "127.0.0.1")
    ports = free_port(), free_port()
    lay_out(folder, [f"127.0.0.1:{service.address[1]}" for service in services], ports)
    for old, new in (changes or {}).items():
        _change(folder, old, new)
    process = subprocess.Popen(command(folder))
    proxy = Proxy(f"https://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", folder / "ca.crt", folder, process)
    shutil.copy(folder / "certs" / "ca.crt", proxy.ca)
    try:
        _wait_until_open(proxy)
        yield proxy
    finally:
        process.terminate()
        process.wait(timeout=20)


def command(folder: Path, *options: str) -> list[str]:
    """Give the command that runs nginx on a laid out folder; as root with workers of root, whose the folder is."""
    user = "user root;" if os.geteuid() == 0 else ""
    own = f"daemon off; pid {folder}/nginx.pid; {user}"
    return ["nginx", "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/own.log", "-g", own, *options]


def certify(certs: Path, *names: str) -> None:
    """Make an authority and a certificate, as `make certs` does."""
    subprocess.run(
        [DEPLOY / "certs.sh", *names], env=os.environ | {"CERTS": str(certs)}, check=True, stdout=subprocess.DEVNULL
    )


def lay_out(folder: Path, backends: list[str], ports: tuple[int, int]) -> None:
    """Link the shipped files, and copy those that a site changes: upstream, ports, paths."""
    (folder / "nginx").mkdir(exist_ok=True)
    (folder / "nginx.conf").symlink_to(DEPLOY / "nginx.conf")
    for file in (DEPLOY / "nginx").glob("*.conf"):
        (folder / "nginx" / file.name).symlink_to(file)
    road = "upstream-host.conf" if len(backends) == 1 else "upstream-hosts.conf"
    addresses = iter(backends)
    _replace(folder / "nginx" / "upstream.conf", ADDRESS.sub(lambda _: next(addresses), _shipped(road)))
    for name, usual, port in (("listen.conf", 443, ports[0]), ("listen-plain.conf", 80, ports[1])):
        _replace(folder / "nginx" / name, _shipped(name).replace(f"listen {usual}", f"listen 127.0.0.1:{port}"))
    (folder / "site" / "ward").mkdir(parents=True)
    (folder / "site" / "ward" / "static").symlink_to(ROOT / "fcv_api" / "web" / "ward" / "static")
    paths = _shipped("paths.conf").replace("/var/log/nginx", str(folder)).replace("/etc/nginx/site", f"{folder}/site")
    paths = re.sub(r"^#(\w+_temp_path) /tmp/nginx-(\w+);", rf"\1 {folder}/\2;", paths, flags=re.MULTILINE)
    _replace(folder / "nginx" / "paths.conf", paths)


def _shipped(name: str) -> str:
    return (DEPLOY / "nginx" / name).read_text("utf-8")


def _replace(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(text, "utf-8")


def _change(folder: Path, old: str, new: str) -> None:
    files = [file for file in (folder / "nginx.conf", *(folder / "nginx").iterdir()) if old in file.read_text("utf-8")]
    assert files, f"no file of nginx holds {old!r}"
    for file in files:
        _replace(file, file.read_text("utf-8").replace(old, new))


def _wait_until_open(proxy: Proxy) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert proxy.process.poll() is None, (proxy.folder / "own.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", proxy.port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError((proxy.folder / "own.log").read_text())
