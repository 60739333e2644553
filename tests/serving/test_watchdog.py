"""Signs of life are seen, and who gives none is ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fcv_api.serving import watchdog
from fcv_api.serving.watchdog import SignsOfLife, end_if_frozen
from fcv_api.settings import ROOT


@pytest.fixture
def asleep(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Give a process whose file says that it gave its last sign of life six seconds ago."""
    process = subprocess.Popen(["sleep", "60"])
    file = tmp_path / "sign"
    file.write_text(str(process.pid))
    long_ago = time.monotonic() - watchdog.FROZEN_AFTER - 1
    os.utime(file, (long_ago, long_ago))
    return process


def test_who_gave_a_sign_of_life_lately_lives_whatever_the_clock_shows(tmp_path: Path) -> None:
    signs = SignsOfLife(tmp_path / "sign")
    signs.begin()
    assert (tmp_path / "sign").read_text() == str(os.getpid())
    assert end_if_frozen(tmp_path / "sign")


def test_who_gave_none_is_ended(asleep: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert not end_if_frozen(tmp_path / "sign")
    assert asleep.wait(5) == -signal.SIGKILL


def test_a_health_check_ends_it_too_and_fails(asleep: subprocess.Popen[bytes], tmp_path: Path) -> None:
    check = [sys.executable, "-m", "fcv_api.serving.watchdog", str(tmp_path / "sign")]
    assert subprocess.run(check, check=False, cwd=ROOT).returncode == 1
    assert asleep.wait(5) == -signal.SIGKILL


def test_a_health_check_fails_before_the_first_sign_of_life(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        end_if_frozen(tmp_path / "sign")


def test_systemd_is_told_where_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        signs = SignsOfLife(None)
        signs.begin()
        signs.beat()
        assert [systemd.recv(99) for _ in range(3)] == [b"WATCHDOG=1", b"READY=1", b"WATCHDOG=1"]
