"""Straight to gunicorn, without nginx: bodies over the limit, a Unix socket."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service, running, start

LIMIT = 4 << 20
HEAD = "POST /predict HTTP/1.1\r\nHost: fcv\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service that reads bodies of 4 MB."""
    with running(tmp_path_factory.mktemp("service"), MAX_BODY_MB="4") as service:
        yield service


@pytest.fixture(scope="module")
def token(service: Service) -> str:
    """Give the header of a client's token."""
    return f"Authorization: {service.sign_in()['Authorization']}\r\n"


def answer_after_all_is_sent(service: Service, request: bytes) -> tuple[int, dict[str, object]]:
    """Send all of a request before anything is read, and give its status and problem."""
    with socket.create_connection(service.address, timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # else the kernel takes it all at once
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            headers = dict(line.split(b": ", 1) for line in iter(answer.readline, b"\r\n"))
            return status, json.loads(answer.read(int(headers[b"Content-Length"])))


@pytest.mark.parametrize("connection", ["", "Connection: close\r\n"], ids=["kept", "closed"])
@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT - 65_536])
def test_who_sends_all_of_a_body_that_is_too_large_can_read_the_413(
    service: Service, token: str, connection: str, size: int
) -> None:
    head = f"{HEAD}{token}{connection}Content-Length: {size}\r\n\r\n"
    status, problem = answer_after_all_is_sent(service, head.encode() + b" " * size)
    assert (status, problem["type"]) == (413, "/problems/too-large")


def test_who_sends_all_of_too_many_chunks_can_read_the_413(service: Service, token: str) -> None:
    chunks = b"".join(b"10000\r\n" + b" " * 65_536 + b"\r\n" for _ in range(120)) + b"0\r\n\r\n"
    head = f"{HEAD}{token}Transfer-Encoding: chunked\r\n\r\n"
    status, problem = answer_after_all_is_sent(service, head.encode() + chunks)
    assert (status, problem["type"]) == (413, "/problems/too-large")


def test_who_sends_all_without_a_token_can_read_the_401(service: Service) -> None:
    status, _ = answer_after_all_is_sent(service, f"{HEAD}Content-Length: {LIMIT}\r\n\r\n".encode() + b" " * LIMIT)
    assert status == 401


def test_no_more_than_the_limit_is_read_once_more(service: Service, token: str) -> None:
    size = 16 * LIMIT
    with socket.create_connection(service.address, timeout=20) as connection:
        connection.sendall(f"{HEAD}{token}Content-Length: {size}\r\n\r\n".encode())
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            connection.sendall(b" " * size)


def test_a_unix_socket_is_for_its_owner_and_group_and_a_silent_client_keeps_no_service_from_stopping(
    tmp_path: Path,
) -> None:
    path = tmp_path / "fcv.sock"
    service = start(tmp_path, BIND=f"unix:{path}", ITSELF="1")
    try:
        with socket.socket(socket.AF_UNIX) as silent:
            while silent.connect_ex(str(path)) != 0:
                assert service.master.poll() is None
                time.sleep(0.02)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(str(path))
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: fcv\r\nConnection: close\r\n\r\n")
                assert connection.recv(64).startswith(b"HTTP/1.1 200 ")  # by now the silent one was taken
            assert stat.filemode(path.stat().st_mode) == "srw-rw----"
            assert (tmp_path / "app.log").stat().st_mode & 0o777 == 0o640
            service.wait_for_workers()
            service.master.terminate()
            assert service.master.wait(timeout=15) == 0  # gunicorn would give it 30 s
    finally:
        service.master.kill()
        service.master.wait(timeout=40)
