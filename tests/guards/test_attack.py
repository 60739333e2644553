"""`make attack` attacks what it has started on this machine's loopback, and can be pointed at nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from service import Service
from target import NotLoopback, Target, check_loopback

ELSEWHERE = ("10.0.0.5", "192.168.1.20", "0.0.0.0", "::", "8.8.8.8", "fd00::1", "localhost", "fcv.hospital.lan", "")
NOBODY = cast("subprocess.Popen[bytes]", None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_the_loopback_is_attacked(host: str) -> None:
    check_loopback(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_nothing_else_is(host: str) -> None:
    service = Service(f"http://{host}:8000".replace("::1", "[::1]"), Path(), NOBODY, {})
    with pytest.raises(NotLoopback, match="only what is started here is attacked"):
        check_loopback(host)
    if ":" not in host:
        with pytest.raises(NotLoopback):
            Target([replace(service, url="http://127.0.0.1:8000"), service], {})


def test_the_command_takes_no_address(root: Path) -> None:
    lines = (root / "tests" / "attack" / "attack.py").read_text("utf-8").splitlines()
    options = [line for line in lines if "add_argument" in line]
    assert [line.split('"')[1] for line in options] == ["--long", "--setup", "--attack"]


def test_the_spoilt_messages_of_hl7_start_by_the_makefile_s_own_words(root: Path) -> None:
    (path,) = re.findall(r"@PYTHONPATH=(\S+) .*hl7_mutations.py", (root / "Makefile").read_text("utf-8"))
    command = [sys.executable, "tests/attack/hl7_mutations.py", "1"]
    own = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=root, env=own, capture_output=True, text=True, check=False)
    assert "nothing was wrong" in done.stdout, done.stderr
