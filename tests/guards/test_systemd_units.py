"""The unit files: what systemd itself says of them, and that their times agree with gunicorn's."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import MakeSettings

from fcv_api.serving.child_process import ONE_THREAD
from fcv_api.serving.watchdog import FROZEN_AFTER
from fcv_api.settings import ROOT

SERVICE, SOCKET, FEED, BACKUP, TIMER = (
    ROOT / "deploy" / f"fcv-{each}"
    for each in ("api.service", "api.socket", "feed.service", "backup.service", "backup.timer")
)
OF_THE_SERVICE_ALONE = {"LimitNOFILE", "TasksMax", "SystemCallFilter=setpriority sched_setaffinity"}
"""Limits by which the feed's unit may differ, and what passwords and workers need beside the rest."""
MOST_EXPOSED = 3.0
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def analysed(*arguments: str | Path) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def told(name: str, unit: Path = SERVICE) -> str:
    found = re.search(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


@needs_systemd
@pytest.mark.parametrize("unit", [SERVICE, FEED, BACKUP], ids=lambda unit: unit.name)
def test_the_services_are_little_exposed(unit: Path) -> None:
    said = analysed("security", "--offline=true", "--no-pager", unit)
    level = re.search(rf"Overall exposure level for {unit.name}: ([0-9.]+)", said)
    assert level, said
    assert float(level[1]) < MOST_EXPOSED, said


@needs_systemd
@pytest.mark.parametrize("unit", [SERVICE, SOCKET, FEED, BACKUP, TIMER], ids=lambda unit: unit.name)
def test_systemd_knows_every_line_of_the_units(tmp_path: Path, unit: Path) -> None:
    """Only the program's place is exchanged: nothing is installed in /opt here."""
    for each in (SERVICE, SOCKET, FEED, BACKUP, TIMER):
        (tmp_path / each.name).write_text(each.read_text("utf-8").replace("/opt/fcv/.venv/bin/fcv", "/bin/true"))
    os.environ.pop("SYSTEMD_UNIT_PATH", None)
    assert analysed("verify", "--man=no", "--recursive-errors=no", tmp_path / unit.name) == ""


def test_systemd_waits_longer_than_gunicorn_gives_its_requests(make_settings: MakeSettings, root: Path) -> None:
    make_settings()
    gunicorn = runpy.run_path(str(root / "deploy" / "gunicorn.conf.py"))
    assert int(told("TimeoutStopSec")) > gunicorn["graceful_timeout"]


def test_nothing_sends_the_service_a_hup() -> None:
    lines = SERVICE.read_text("utf-8").splitlines()
    assert not any(line.startswith(("ExecReload", "ReloadSignal")) for line in lines)
    assert told("Type") == "notify"


def test_the_units_and_the_rotation_agree_on_the_folders_and_the_user() -> None:
    rotation = (ROOT / "deploy" / "logrotate.conf").read_text("utf-8")
    assert f"/var/log/{told('LogsDirectory')}/app.log" in rotation
    assert f"su {told('User')} {told('Group')}" in rotation
    assert "\n    copytruncate" not in rotation


def lines(unit: Path) -> list[str]:
    section = unit.read_text("utf-8").partition("[Service]")[2].partition("[Install]")[0]
    return [line for line in section.splitlines() if line and line[0] != "#"]


def test_the_feed_is_confined_as_the_service_is() -> None:
    """From the folders on, the units are the same."""
    first = "StateDirectory=fcv"
    service, feed = (each[each.index(first) :] for each in (lines(SERVICE), lines(FEED)))
    own = {line for line in feed if line not in service}
    lacking = {line for line in service if line not in feed}
    assert {line.partition("=")[0] for line in own} <= OF_THE_SERVICE_ALONE
    assert {line.partition("=")[0] for line in lacking} - OF_THE_SERVICE_ALONE <= {"SystemCallFilter"}
    assert {line for line in lacking if line.startswith("SystemCallFilter")} <= OF_THE_SERVICE_ALONE


def test_the_feed_is_the_services_user_with_its_settings() -> None:
    for name in ("User", "Group", "WorkingDirectory", "EnvironmentFile", "LoadCredential", "UMask"):
        assert told(name, FEED) == told(name)


def test_backups_are_confined_as_the_feed_is_but_for_their_folder() -> None:
    first = "StateDirectory=fcv"
    feed, backup = (each[each.index(first) :] for each in (lines(FEED), lines(BACKUP)))
    assert set(backup) ^ set(feed) == {"ReadWritePaths=-/var/backups/fcv"}
    for name in ("User", "Group", "WorkingDirectory", "EnvironmentFile", "LoadCredential", "UMask"):
        assert told(name, BACKUP) == told(name)


def test_each_night_a_backup_is_made_with_retention_and_then_proven() -> None:
    commands = [line.partition("/bin/fcv ")[2] for line in lines(BACKUP) if line.startswith("ExecStart=")]
    assert commands == ["db backup --keep 14", "db restore --check"]
    assert told("Type", BACKUP) == "oneshot"
    assert (told("Persistent", TIMER), told("WantedBy", TIMER)) == ("true", "timers.target")


def test_a_frozen_feed_is_killed_at_once() -> None:
    """A stopped process does not act on SIGABRT, and systemd would wait another minute and a half for it."""
    assert float(told("WatchdogSec", FEED)) == FROZEN_AFTER
    assert told("WatchdogSignal", FEED) == "SIGKILL"
    assert (told("Type", FEED), told("Restart", FEED)) == ("notify", "on-failure")


def test_the_feed_has_one_thread_for_arithmetic() -> None:
    given = {pair for line in lines(FEED) if line.startswith("Environment=") for pair in line[12:].split()}
    assert {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"} < given
    assert {name: ONE_THREAD[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
    )


def test_the_feed_starts_and_stops_with_the_service_and_only_where_it_is_enabled() -> None:
    assert told("PartOf", FEED) == "fcv-api.service"
    assert told("WantedBy", FEED) == "fcv-api.service"
    assert "fcv-api.service" in told("After", FEED).split()
    assert "fcv-feed" not in SERVICE.read_text("utf-8")
