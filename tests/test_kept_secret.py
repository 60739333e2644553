"""The secret that development makes for itself: once, for its owner, and the same for all its processes."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fcv_api import settings as module
from fcv_api.settings import ROOT, Settings, SettingsError

Read = Callable[[], Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Read settings from nothing, in a checkout of the test's own."""
    for name in [name for name in os.environ if name.startswith("FCV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return lambda: Settings.from_environment(None)


def test_development_makes_a_secret_and_keeps_it_to_itself(read: Read, tmp_path: Path) -> None:
    first, file = str.__str__(read().jwt_secret), tmp_path / "instance" / "jwt_secret"
    assert first == str.__str__(read().jwt_secret) == file.read_text("utf-8")
    assert len(first) >= 32
    assert [each.name for each in file.parent.iterdir()] == ["jwt_secret"]
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_two_checkouts_have_two_secrets(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = str.__str__(read().jwt_secret)
    monkeypatch.setattr(module, "ROOT", tmp_path / "other")
    assert str.__str__(read().jwt_secret) != first


def test_a_kept_secret_that_was_spoilt_is_named(read: Read, tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "jwt_secret").write_text("short", "utf-8")
    with pytest.raises(SettingsError, match="instance/jwt_secret"):
        read()


def test_of_two_secrets_made_at_one_moment_the_first_one_counts(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_meanwhile(_length: int) -> str:
        (tmp_path / "instance" / "jwt_secret").write_text("first" * 10, "utf-8")
        return "second" * 10

    monkeypatch.setattr(secrets, "token_urlsafe", made_meanwhile)
    assert str.__str__(read().jwt_secret) == "first" * 10


def test_processes_that_start_at_one_moment_agree_on_the_secret(read: Read, tmp_path: Path) -> None:
    wait = (
        "import pathlib, sys; from fcv_api import settings as s; s.ROOT = pathlib.Path(sys.argv[1]); print(); input()"
    )
    code = f"{wait}; print(str.__str__(s.Settings.from_environment(None).jwt_secret))"
    start = [sys.executable, "-uc", code, str(tmp_path)]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(start, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for process in running:
        assert process.stdout
        process.stdout.readline()  # it has imported everything and waits
    for process in running:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    found = {process.communicate(timeout=60)[0] for process in running}
    assert found == {f"{str.__str__(read().jwt_secret)}\n"}
    assert [each.name for each in (tmp_path / "instance").iterdir()] == ["jwt_secret"]
