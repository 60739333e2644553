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

from fcv_api.settings import ROOT

SERVICE, SOCKET = ROOT / "deploy" / "fcv-api.service", ROOT / "deploy" / "fcv-api.socket"
MOST_EXPOSED = 3.0
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def analysed(*arguments: str | Path) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def told(name: str) -> str:
    found = re.search(rf"^{name}=(.*)$", SERVICE.read_text("utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


@needs_systemd
def test_the_service_is_little_exposed() -> None:
    said = analysed("security", "--offline=true", "--no-pager", SERVICE)
    level = re.search(r"Overall exposure level for fcv-api.service: ([0-9.]+)", said)
    assert level, said
    assert float(level[1]) < MOST_EXPOSED, said


@needs_systemd
@pytest.mark.parametrize("unit", [SERVICE, SOCKET], ids=lambda unit: unit.name)
def test_systemd_knows_every_line_of_the_units(tmp_path: Path, unit: Path) -> None:
    """Only the program's place is exchanged: nothing is installed in /opt here."""
    for each in (SERVICE, SOCKET):
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
