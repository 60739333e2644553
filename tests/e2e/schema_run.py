"""schemathesis against a running service: what it calls by its `/openapi.json`, in all its phases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service import Service

from fcv_api.settings import ROOT

PHASES = ("examples", "coverage", "fuzzing", "stateful")
SERVICE = {"PROXIES": "1", "TOKEN_MINUTES": "1440", "FEED": "on"}
"""Settings of the service: it believes from where a call came, and no token ends by its age."""
CONFIG = """
suppress-health-check = ["all"]
generation.database = "none"
warnings = false
auth.auto-signup = false

# A body that fits the schema may still be refused: twenty instants, or 72 bytes of a password, cannot be said in one.
[[operations]]
include-path = ["/predict", "/predict/batch", "/observations", "/auth/create_user"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "409", "422"]
"""


class Call(NamedTuple):
    """What was asked in a phase, and how it was answered. route: as `POST /predict`."""

    phase: str
    media_type: str
    status: int
    route: str


@dataclass(frozen=True)
class Run:
    """What came of it."""

    failed: bool
    output: str
    calls: Counter[Call]

    def count(self, **wanted: object) -> int:
        """Count the calls whose fields are these."""
        return sum(
            number
            for call, number in self.calls.items()
            if all(getattr(call, name) == value for name, value in wanted.items())
        )


def explore(service: Service, account: str | None, *options: str, hooks: str = "schema_hooks") -> Run:
    """Call each route in every way that schemathesis knows. account: `name:password`, to sign in with.

    hooks: the module that schemathesis is told of the service by.
    """
    log = service.folder / f"calls of {'nobody' if account is None else 'an account'}"
    log.touch()
    config = service.folder / "schemathesis.toml"
    config.write_text(CONFIG, "utf-8")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run", f"{service.url}/openapi.json"),
        *("--phases", ",".join(PHASES), "--workers", "2", "--continue-on-failure", "--no-color", "--seed", "7"),
        *options,
    ]
    folders = ("tests", "tests/domain", "tests/web", "tests/e2e")
    places = [str(ROOT), *(str(ROOT / each) for each in folders), os.environ.get("PYTHONPATH", "")]
    told = {"SCHEMATHESIS_HOOKS": hooks, "SCHEMA_LOG": str(log), "PYTHONPATH": os.pathsep.join(places)}
    environment = os.environ | told | ({"SCHEMA_ACCOUNT": account} if account else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=service.folder)
    return Run(done.returncode != 0, done.stdout + done.stderr, _calls(log))


def _calls(log: Path) -> Counter[Call]:
    lines = (line.split(" ", 3) for line in log.read_text("utf-8").splitlines())
    return Counter(Call(phase, media_type, int(status), route) for phase, media_type, status, route in lines)
