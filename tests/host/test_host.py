"""The bare host: the real systemd starts the shipped units, by the steps of docs/install.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from machine import Machine, booted
from until_now import rows_until_now

from fcv_api.settings import ROOT

STEADY = ROOT / "tests" / "e2e" / "steady.py"
URL = "http://127.0.0.1:8000"
RESTARTS = 5


def documented(page: str = "install.md", title: str = "## On a bare host (systemd)") -> list[str]:
    """Return the commands of a section of a page of docs/, block by block."""
    text = "\n" + (ROOT / "docs" / page).read_text("utf-8")
    section = text.partition(f"\n{title}\n")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("systemd-nspawn"), reason="needs root and systemd-nspawn"
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Give a machine on which the service was installed and started."""
    with booted() as machine:
        install, start, *_ = documented()
        machine.run("sh", "-euc", install)
        machine.run("sh", "-c", "echo FCV_ALLOW_UNVALIDATED_MODEL=1 >> /etc/fcv/fcv.env")
        assert "Active: active (running)" in machine.run("sh", "-euc", start)
        machine.run("fcv-as-service", "users", "add", "ana", "--password-file", "-", text="a long one")
        yield machine


def curl(machine: Machine, path: str, *more: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(machine.run("curl", "-sS", *more, f"{URL}{path}"))
    return answer


def authorization(machine: Machine) -> str:
    answer = curl(machine, "/auth/token", "-d", "username=ana", "-d", "password=a long one")
    return f"Bearer {answer['access_token']}"


def state(machine: Machine, *names: str, unit: str = "fcv-api") -> list[str]:
    return [machine.run("systemctl", "show", "-P", name, unit).strip() for name in names]


def feed_at_work(machine: Machine, *other_than: str) -> str:
    """Wait until readiness names a process of the feed, another one than those, and give it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (pid,) = state(machine, "MainPID", unit="fcv-feed")
        checks: Any = curl(machine, "/health/ready")["checks"]
        if pid not in ("0", *other_than) and f"/feed:{pid} " in checks["workers"]["detail"]:
            assert checks["feed"]["status"] == "ok"
            return pid
        time.sleep(0.5)
    raise AssertionError(machine.run("systemctl", "status", "--no-pager", "fcv-feed", check=False))


def test_the_service_is_ready_under_all_that_the_unit_forbids_it(machine: Machine) -> None:
    assert state(machine, "ActiveState", "Result") == ["active", "success"]
    assert curl(machine, "/health/ready")["status"] == "ok"
    (master,) = state(machine, "MainPID")
    status = dict(re.findall(r"^(\w+):\s+(.*)$", machine.run("cat", f"/proc/{master}/status"), re.MULTILINE))
    assert (status["CapEff"], status["CapBnd"]) == ("0" * 16, "0" * 16)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_each_worker_keeps_to_a_processor_of_its_own_under_it_too(machine: Machine) -> None:
    (master,) = state(machine, "MainPID")
    workers = machine.run("cat", f"/proc/{master}/task/{master}/children").split()
    told = machine.run("grep", "-h", "Cpus_allowed_list", *(f"/proc/{each}/status" for each in workers))
    processors = [line.split()[-1] for line in told.splitlines()]
    assert len(set(processors)) == len(workers) == 2
    assert all(each.isdigit() for each in processors)


def test_it_answers_the_golden_encounter_and_records_it(machine: Machine) -> None:
    body = "@/opt/fcv/tests/fixtures/encounter_5501.json"
    headers = ["-H", f"Authorization: {authorization(machine)}", "-H", "Content-Type: application/json"]
    answer = curl(machine, "/predict", *headers, "--data-binary", body)
    assert (answer["idAtencion"], answer["State"]) == (5501, "Sano")
    assert "1 records, from 1 to 1," in machine.run("fcv-as-service", "ledger", "verify")


def test_the_doctor_finds_nothing_failed(machine: Machine) -> None:
    machine.run(
        "sh", "-c", "umask 077; mkdir -p /opt/fcv/instance; echo not for the service > /opt/fcv/instance/jwt_secret"
    )
    machine.run("sh", "-c", "umask 077; mkdir -p /opt/fcv/deploy/certs; touch /opt/fcv/deploy/certs/server.crt")
    told = machine.run("fcv-as-service", "doctor")
    print(f"\n{told}")
    assert "failed" not in told
    assert "server.crt is closed to this user" in told
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


def test_the_feed_is_turned_on_as_documented_and_scores_what_is_posted(machine: Machine) -> None:
    (turn_on,) = documented("run-the-feed.md", "# The feed")
    machine.run("sh", "-euc", turn_on)
    feed_at_work(machine)
    headers = ["-H", f"Authorization: {authorization(machine)}", "-H", "Content-Type: application/json"]
    machine.run("tee", "/opt/fcv/rows.json", text=json.dumps(rows_until_now()))
    posted = curl(machine, "/observations", *headers, "--data-binary", "@/opt/fcv/rows.json")
    assert '"new": 180' in json.dumps(posted)
    deadline = time.monotonic() + 30
    while "5501  scored " not in machine.run("fcv-as-service", "stays", "list") and time.monotonic() < deadline:
        time.sleep(1)
    assert "5501  scored " in machine.run("fcv-as-service", "stays", "list")
    told = machine.run("fcv-as-service", "doctor")
    assert "The key of pseudonyms is /etc/fcv/pseudonym_key (mode 0640)" in told
    assert re.search(r"^ok       feed +\S+/feed:\d+ scores the beds\.$", told, re.MULTILINE), told
    assert "failed" not in told


def test_the_feed_can_do_no_more_than_the_service(machine: Machine) -> None:
    pid = feed_at_work(machine)
    status = dict(re.findall(r"^(\w+):\s+(.*)$", machine.run("cat", f"/proc/{pid}/status"), re.MULTILINE))
    assert (status["CapEff"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")


@pytest.mark.parametrize("name", ["KILL", "STOP"])
def test_a_feed_that_dies_or_freezes_is_started_again_within_ten_seconds(machine: Machine, name: str) -> None:
    pid = feed_at_work(machine)
    began = time.monotonic()
    machine.run("systemctl", "kill", f"--signal={name}", "fcv-feed")
    while state(machine, "MainPID", unit="fcv-feed") == [pid]:
        assert time.monotonic() - began < 10
        time.sleep(0.1)
    print(f"\nSIG{name}: ended after {time.monotonic() - began:.1f} s")
    assert feed_at_work(machine, pid) != pid


def test_the_feed_restarts_and_stops_with_the_service(machine: Machine) -> None:
    before = feed_at_work(machine)
    machine.run("systemctl", "restart", "fcv-api")
    assert feed_at_work(machine, before) != before
    machine.run("systemctl", "stop", "fcv-api.socket", "fcv-api.service")
    assert state(machine, "ActiveState", "Result", unit="fcv-feed") == ["inactive", "success"]
    machine.run("systemctl", "start", "fcv-api.socket", "fcv-api.service")
    feed_at_work(machine)


def test_the_service_is_refused_with_a_sentence_where_the_feed_is_its_child(machine: Machine) -> None:
    machine.run("sed", "-i", "s/^FCV_FEED=on$/FCV_FEED=child/", "/etc/fcv/fcv.env")
    machine.run("systemctl", "restart", "fcv-api", check=False)
    assert "Under systemd set FCV_FEED=on" in machine.run("journalctl", "-u", "fcv-api", "-n", "20", "--no-pager")
    machine.run("sed", "-i", "s/^FCV_FEED=child$/FCV_FEED=on/", "/etc/fcv/fcv.env")
    machine.run("systemctl", "restart", "fcv-api")
    feed_at_work(machine)


def test_who_stops_the_socket_too_closes_the_port(machine: Machine) -> None:
    machine.run("systemctl", "stop", "fcv-api.socket", "fcv-api.service")
    assert state(machine, "ActiveState", "Result") == ["inactive", "success"]
    assert "Couldn't connect" in machine.run("curl", "-sS", f"{URL}/health/live", check=False)
    assert "ERROR" not in machine.run("cat", "/var/log/fcv/app.log")
