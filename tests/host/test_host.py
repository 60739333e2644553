"""The bare host: the real systemd starts the shipped units, by the steps of docs/operations.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator

import pytest
from machine import Machine, booted

from fcv_api.settings import ROOT

STEADY = ROOT / "tests" / "e2e" / "steady.py"
URL = "http://127.0.0.1:8000"
RESTARTS = 5
SETTINGS = """FCV_ENV=production
FCV_DATABASE_URL=sqlite:////var/lib/fcv/fcv.db
FCV_MODELS_DIR=/var/lib/fcv/models
FCV_LOG_DIR=/var/log/fcv
FCV_TIMEZONE=America/Bogota
FCV_REGISTRATION=closed
FCV_ALLOW_UNVALIDATED_MODEL=1
"""
INSTALL = """
useradd --system --home-dir /var/lib/fcv --shell /usr/sbin/nologin fcv
install -d -m 0750 -o fcv -g fcv /var/lib/fcv
install -d -m 0755 -o fcv -g fcv /var/lib/fcv/models
cp -r /opt/fcv/models/. /var/lib/fcv/models/
install -d -m 0755 /etc/fcv
(umask 077; python3 -c "import secrets; print(secrets.token_urlsafe(48))" > /etc/fcv/jwt)
cp /opt/fcv/deploy/fcv-api.socket /opt/fcv/deploy/fcv-api.service /etc/systemd/system/
cp /opt/fcv/deploy/logrotate.conf /etc/logrotate.d/fcv
systemctl daemon-reload
systemctl enable --now fcv-api.socket fcv-api.service
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("systemd-nspawn"), reason="needs root and systemd-nspawn"
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Give a machine on which the service was installed and started."""
    with booted() as machine:
        (machine.root / "etc" / "fcv").mkdir()
        (machine.root / "etc" / "fcv" / "fcv.env").write_text(SETTINGS)
        machine.run("sh", "-euc", INSTALL)
        machine.run("/opt/fcv/deploy/fcv-as-service", "users", "add", "ana", "--password-file", "-", text="a long one")
        yield machine


def curl(machine: Machine, path: str, *more: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(machine.run("curl", "-sS", *more, f"{URL}{path}"))
    return answer


def authorization(machine: Machine) -> str:
    answer = curl(machine, "/auth/token", "-d", "username=ana", "-d", "password=a long one")
    return f"Bearer {answer['access_token']}"


def state(machine: Machine, *names: str) -> list[str]:
    return [machine.run("systemctl", "show", "-P", name, "fcv-api").strip() for name in names]


def test_the_service_is_ready_under_all_that_the_unit_forbids_it(machine: Machine) -> None:
    assert state(machine, "ActiveState", "Result") == ["active", "success"]
    assert curl(machine, "/health/ready")["status"] == "ok"
    (master,) = state(machine, "MainPID")
    status = dict(re.findall(r"^(\w+):\s+(.*)$", machine.run("cat", f"/proc/{master}/status"), re.MULTILINE))
    assert (status["CapEff"], status["CapBnd"]) == ("0" * 16, "0" * 16)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_it_answers_the_golden_encounter_and_records_it(machine: Machine) -> None:
    body = "@/opt/fcv/tests/fixtures/encounter_5501.json"
    headers = ["-H", f"Authorization: {authorization(machine)}", "-H", "Content-Type: application/json"]
    answer = curl(machine, "/predict", *headers, "--data-binary", body)
    assert (answer["idAtencion"], answer["State"]) == (5501, "Sano")
    assert "1 records, from 1 to 1," in machine.run("/opt/fcv/deploy/fcv-as-service", "ledger", "verify")


def test_the_doctor_finds_nothing_failed(machine: Machine) -> None:
    machine.run(
        "sh", "-c", "umask 077; mkdir -p /opt/fcv/instance; echo not for the service > /opt/fcv/instance/jwt_secret"
    )
    told = machine.run("/opt/fcv/deploy/fcv-as-service", "doctor")
    print(f"\n{told}")
    assert "failed" not in told
    assert "ok       workers      2 serve it." in told


def test_it_can_write_nowhere_but_into_its_folders(machine: Machine) -> None:
    (master,) = state(machine, "MainPID")
    inside = ["nsenter", "--target", master, "--mount", "--setuid=0", "--setgid=0", "touch"]
    assert "Read-only file system" in machine.run(*inside, "/opt/fcv/x", "/etc/x", "/usr/x", check=False)
    machine.run(*inside, "/var/lib/fcv/x", "/var/log/fcv/x")


def test_the_secret_is_roots_and_the_database_and_the_log_are_the_services(machine: Machine) -> None:
    listed = machine.run("stat", "-c", "%a %U %n", "/etc/fcv/jwt", "/var/lib/fcv/fcv.db", "/var/log/fcv/app.log")
    assert listed.splitlines() == [
        "600 root /etc/fcv/jwt",
        "600 fcv /var/lib/fcv/fcv.db",
        "640 fcv /var/log/fcv/app.log",
    ]


def test_a_reload_is_refused_and_changes_nothing(machine: Machine) -> None:
    before = state(machine, "MainPID")
    assert "not applicable" in machine.run("systemctl", "reload", "fcv-api", check=False)
    assert state(machine, "MainPID") == before


def test_restarts_under_load_refuse_nobody(machine: Machine) -> None:
    load = machine.python(STEADY, "127.0.0.1:8000", authorization(machine))
    for _ in range(RESTARTS):
        time.sleep(2)
        machine.run("systemctl", "restart", "fcv-api")
    time.sleep(2)
    told = json.loads(load.communicate("")[0])
    print(f"\n{RESTARTS} restarts by systemd: {told}")
    assert set(told["statuses"]) == {"200"}


def test_a_service_that_is_killed_comes_back_and_nobody_was_refused(machine: Machine) -> None:
    (before,) = state(machine, "MainPID")
    machine.run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", "fcv-api")
    assert curl(machine, "/health/ready", "--max-time", "60")["status"] == "ok"
    assert state(machine, "ActiveState", "NRestarts")[0] == "active"
    assert state(machine, "MainPID") != [before]


def test_logrotate_rotates_the_services_log_as_its_user(machine: Machine) -> None:
    machine.run("logrotate", "--force", "/etc/logrotate.d/fcv")
    curl(machine, "/health/live")
    listed = machine.run("sh", "-c", "stat -c '%a %U' /var/log/fcv/app.log*")
    assert listed.splitlines() == ["640 fcv"] * 2


def test_who_stops_the_socket_too_closes_the_port(machine: Machine) -> None:
    machine.run("systemctl", "stop", "fcv-api.socket", "fcv-api.service")
    assert state(machine, "ActiveState", "Result") == ["inactive", "success"]
    assert "Couldn't connect" in machine.run("curl", "-sS", f"{URL}/health/live", check=False)
    assert "ERROR" not in machine.run("cat", "/var/log/fcv/app.log")
