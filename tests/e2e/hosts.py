"""Two services as two hosts would run them: a checkout, models, logs and a port each, and one PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service import Service, free_port, start, wait_until_live

from fcv_api.settings import ROOT

NEEDED = ("deploy", "fcv_api", "migrations", "models")


@dataclass
class Host:
    """A host, whose service may be stopped and started again on its port."""

    service: Service
    checkout: Path
    settings: dict[str, str]

    @property
    def models(self) -> Path:
        """Its models, which the other host does not see."""
        return self.checkout / "models"

    def fcv(self, *words: str) -> str:
        """Run a command with the host's settings. It must succeed."""
        done = self.service.fcv(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        """Stop it as systemd and Docker do."""
        self.service.stop()

    def begin(self) -> None:
        """Start it again, where it was, and wait for its first answer."""
        bind = self.service.url.removeprefix("http://")
        self.service = start(self.service.folder, **self.settings | {"BIND": bind})
        wait_until_live(self.service)


@contextmanager
def hosts(folder: Path, database: str, **settings: str) -> Iterator[list[Host]]:
    """Start two hosts at one moment, on a database that may be empty, and wait for their first answers.

    With METRICS_BIND each has a port of its own for metrics.
    """
    with ExitStack() as running:
        both = [_host(folder / name, database, settings) for name in ("one", "other")]
        for host in both:
            running.callback(host.stop)
        for host in both:
            wait_until_live(host.service)
        yield both


def _host(folder: Path, database: str, settings: dict[str, str]) -> Host:
    checkout = folder / "checkout"
    for name in NEEDED:
        shutil.copytree(ROOT / name, checkout / name)
    shutil.copy(ROOT / "wsgi.py", checkout)
    own = {"DATABASE_URL": database, "CHECKOUT": str(checkout), "MODELS_DIR": str(checkout / "models")} | settings
    own["METRICS_BIND"] = f"127.0.0.1:{free_port()}" if own.get("METRICS_BIND") else ""
    return Host(start(folder, **own), checkout, own)
