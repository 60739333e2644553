"""A confined process: what it sees, what it reaches, and what is said where the kernel has no means."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fcv_api.lstm import confined, kernel, landlock, seccomp
from fcv_api.settings import ROOT

PROBE = """
import json, os, pathlib, socket, sys, tempfile

def attempt(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"

given, outside, port = pathlib.Path(sys.argv[1]), pathlib.Path(os.environ["LC_OUTSIDE"]), int(os.environ["LC_PORT"])
print(json.dumps({
    "given": attempt(given.read_bytes),
    "outside": attempt(outside.read_bytes),
    "listing": attempt(lambda: os.listdir(outside.parent)),
    "checkout": attempt((pathlib.Path(os.environ["LC_ROOT"]) / "README.md").read_bytes),
    "password file": attempt(lambda: open("/etc/passwd").read()),
    "writing outside": attempt(lambda: outside.write_text("changed")),
    "writing the model": attempt(lambda: given.write_text("changed")),
    "writing its folder": attempt(lambda: tempfile.mkstemp()),
    "tcp": attempt(lambda: socket.create_connection(("127.0.0.1", port), 5)),
    "udp": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))),
    "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "pair": attempt(socket.socketpair),
    "signal": attempt(lambda: os.kill(os.getppid(), 0)),
    "secrets": [name for name in os.environ if name.startswith(("FCV_", "PG"))],
}))
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the probe in a confined process, and return what it could do."""
    for name in ("code", "own", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "code" / "probe.py").write_text(PROBE)
    given, outside = tmp_path / "elsewhere" / "given.h5", tmp_path / "elsewhere" / "secret"
    given.write_text("model")
    outside.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = {"LC_OUTSIDE": outside, "LC_PORT": server.getsockname()[1], "LC_ROOT": ROOT, "FCV_JWT_SECRET": "x"}
        for name, value in (told | {"PYTHONPATH": tmp_path / "code", "PGPASSWORD": "x"}).items():
            monkeypatch.setenv(name, str(value))
        command, own = confined.command("probe", tmp_path / "own", given), confined.environment(tmp_path / "own")
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=True, timeout=60)
    result: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        result |= json.loads(line)
    return result


def test_a_confined_process_sees_its_file_and_its_folder_and_no_other(found: dict[str, Any]) -> None:
    """On a kernel without Landlock, it says so."""
    assert (found["given"], found["writing its folder"]) == ("done", "done")
    if not landlock.version():
        assert found["unconfined"] == "see other files of this host"
        return
    outside = ("outside", "listing", "checkout", "password file", "writing outside", "writing the model")
    assert {name: found[name] for name in outside} == dict.fromkeys(outside, "PermissionError")


def test_a_confined_process_opens_no_socket(found: dict[str, Any]) -> None:
    sockets = ("tcp", "udp", "unix", "pair")
    assert {name: found[name] for name in sockets} == dict.fromkeys(sockets, "PermissionError")


def test_a_confined_process_inherits_no_secret(found: dict[str, Any]) -> None:
    assert found["secrets"] == []


def test_where_the_kernel_has_no_means_the_process_runs_and_says_what_it_could_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert (kernel.machine(), landlock.version()) == (None, 0)
    may = ["see other files of this host", "use the network"]
    assert confined.confine(tmp_path, []) == may
    assert "its code could see other files of this host." in confined.warning(may[0])


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_the_filter_refuses_sockets_and_other_sets_of_calls_and_lets_the_rest_pass(machine: str) -> None:
    architecture, sockets = seccomp.ARCHITECTURES[machine], seccomp.SOCKETS[machine]
    program = seccomp._program(architecture, sockets)  # noqa: SLF001
    refused = [*sockets, seccomp.X32 + 41]
    assert {_verdict(program, architecture, number) for number in refused} == {seccomp.REFUSE}
    assert {_verdict(program, architecture, number) for number in (0, 1, 42, 200, 424, 426)} == {seccomp.ALLOW}
    assert _verdict(program, 0x40000003, 0) == seccomp.REFUSE  # i386


def _verdict(program: list[seccomp.Instruction], architecture: int, number: int) -> int:
    """Run the filter as the kernel would."""
    line, loaded = 0, 0
    while True:
        code, true, false, k = program[line]
        if code == seccomp.RETURN:
            return k
        if code == seccomp.LOAD:
            loaded = {seccomp.NUMBER: number, seccomp.ARCHITECTURE: architecture}[k]
            true = false = 0
        line += 1 + (true if (loaded == k if code == seccomp.EQUAL else loaded >= k) else false)
