"""The service as it is started for real: gunicorn, two workers, HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from conftest import FIXTURES
from service import Service, commanded, running, start

GOLDEN = "encounter_5501"


@pytest.fixture(scope="module")
def service(plain_service: Service) -> Service:
    """Give a service with the shipped model."""
    return plain_service


def post(service: Service, name: str, token: dict[str, str]) -> requests.Response:
    headers = token | {"Content-Type": "application/json"}
    body = (FIXTURES / f"{name}.json").read_bytes()
    return requests.post(f"{service.url}/predict", data=body, headers=headers, timeout=10)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux' /proc")
def test_no_serving_process_maps_tensorflow(service: Service) -> None:
    service.sign_in()
    for pid in [service.master.pid, *service.workers()]:
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "ai_edge_litert" in maps
        assert not re.search("/(tensorflow|pandas|sklearn|scipy)/", maps)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux' /proc")
def test_no_database_connection_crosses_the_fork(service: Service) -> None:
    opened = [
        link.readlink().name
        for link in Path(f"/proc/{service.master.pid}/fd").iterdir()
        if link.is_symlink() and not is_path_only(service.master.pid, link.name)
    ]
    assert not any(name.startswith("fcv.db") for name in opened)


def is_path_only(pid: int, descriptor: str) -> bool:
    """Tell whether a descriptor only keeps a file's inode: nothing can be read or written by it."""
    info = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text()
    flags = next(line.split()[1] for line in info.splitlines() if line.startswith("flags:"))
    return bool(int(flags, 8) & os.O_PATH)


def test_one_key_at_the_same_moment_in_several_processes_makes_one_record(service: Service) -> None:
    token = service.sign_in("retries")
    with ThreadPoolExecutor(8) as pool:
        for number in range(5):
            headers = token | {"Idempotency-Key": f"round-{number}"}
            answers = list(pool.map(lambda each: post(service, GOLDEN, each), [headers] * 8))
            assert [each.status_code for each in answers] == [200] * 8
            assert len({(each.text, each.headers["Location"]) for each in answers}) == 1
            assert sum("Idempotent-Replayed" not in each.headers for each in answers) == 1
    kept = requests.get(f"{service.url}/predictions", headers=token, timeout=10).json()["predictions"]
    assert len(kept) == 5


def test_the_log_says_once_that_the_service_starts(service: Service) -> None:
    assert service.log().count("Starting FCV-MLAPI....") == 1


def test_clients_that_do_not_close_what_was_closed_to_them_hold_nobody_up(service: Service) -> None:
    asked = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    began = time.monotonic()
    with ExitStack() as held:
        for _ in range(40):
            connection = held.enter_context(socket.create_connection(service.address))
            connection.sendall(asked)
            while connection.recv(4096):
                pass
        assert requests.get(f"{service.url}/health/live", timeout=30).status_code == 200
        assert time.monotonic() - began < 40  # gunicorn itself would wait 2 s for each of them


def test_what_a_killed_worker_recorded_last_is_published_when_the_service_stops(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="1") as service:
        token = service.sign_in()
        for _ in range(3):
            assert post(service, GOLDEN, token).status_code == 200
        os.kill(service.workers()[0], signal.SIGKILL)
    last = (tmp_path / "heads.log").read_text().splitlines()[-1]
    assert re.fullmatch(r"\S+Z head 3 [0-9a-f]{64} purged 0 0 0{64}", last)
    assert service.fcv("ledger", "verify", "--log", str(tmp_path / "heads.log")).returncode == 0


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01 TLS?\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\0 HTTP/1.1\r\nA b\r\n\r\n"]
)
def test_what_is_no_http_gets_a_problem_and_not_a_page(service: Service, sent: bytes) -> None:
    with socket.create_connection(service.address, timeout=5) as connection:
        connection.sendall(sent)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Type: application/problem+json" in answer
    assert b"html" not in answer


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"ENV": "production", "TIMEZONE": "UTC"},
            "(evidence: unvalidated, trained on: simulated), and production refuses it",
        ),
        ({"JWT_SECRET": "short"}, "FCV_JWT_SECRET has 5 bytes"),
        ({"LOG_DIR": "/proc/nowhere"}, "/proc/nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_service_that_must_not_start_says_why_in_a_sentence(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    service = start(tmp_path, **settings)
    assert service.master.wait(timeout=120) == 1
    output = (tmp_path / "output").read_text()
    assert reason in output
    assert "Traceback" not in output


def test_production_warns_in_every_answer_of_a_model_without_real_patients(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    settings = {"ENV": "production", "ALLOW_UNVALIDATED_MODEL": "1", "ADMIN_USERNAME": "ana"}
    with commanded(tmp_path, **settings, ADMIN_PASSWORD_FILE=str(password)) as service:
        answer = post(service, GOLDEN, service.sign_in("ana"))
        assert [each["code"] for each in answer.json()["warnings"]] == ["unvalidated_model", "stale"]
