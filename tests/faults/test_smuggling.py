"""Requests that two servers may read differently: refused, and the connection ends, through nginx and without it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from https_load import under_load
from proxied import Proxy, needs_nginx, proxied
from service import Service, running

HIDDEN = b"GET /home?smuggled HTTP/1.1\r\nHost: fcv\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + HIDDEN


def posted(*headers: bytes, body: bytes = CHUNKED, path: bytes = b"/auth/token", version: bytes = b"1.1") -> bytes:
    lines = [b"POST " + path + b" HTTP/" + version, b"Content-Type: application/json", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


HOST = b"Host: fcv"
SET = {
    "CL and TE": posted(HOST, b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "TE and CL": posted(HOST, b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    "two CL": posted(HOST, b"Content-Length: 5", b"Content-Length: 0"),
    "two CL in one": posted(HOST, b"Content-Length: 5, 0"),
    "signed CL": posted(HOST, b"Content-Length: +5"),
    "CL with a letter": posted(HOST, b"Content-Length: 5a"),
    "negative CL": posted(HOST, b"Content-Length: -5"),
    "two TE": posted(HOST, b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "unknown TE": posted(HOST, b"Transfer-Encoding: xchunked"),
    "TE in a list": posted(HOST, b"Transfer-Encoding: identity, chunked"),
    "TE of HTTP 1.0": posted(HOST, b"Transfer-Encoding: chunked", version=b"1.0"),
    "space before the colon": posted(HOST, b"Transfer-Encoding : chunked"),
    "folded header": posted(HOST, b"X: a\r\n Transfer-Encoding: chunked"),
    "bare CR": posted(HOST, b"X: a\rTransfer-Encoding: chunked"),
    "NUL": posted(HOST, b"X: a\0b"),
    "chunk of no number": posted(HOST, b"Transfer-Encoding: chunked", body=b"zz\r\n\r\n" + HIDDEN),
    "negative chunk": posted(HOST, b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n" + HIDDEN),
    "prefixed chunk": posted(HOST, b"Transfer-Encoding: chunked", body=b"0x1\r\na\r\n0\r\n\r\n" + HIDDEN),
    "enormous chunk": posted(HOST, b"Transfer-Encoding: chunked", body=b"f" * 17 + b"\r\n\r\n" + HIDDEN),
    "chunk longer than said": posted(HOST, b"Transfer-Encoding: chunked", body=b"1\r\nabc\r\n0\r\n\r\n" + HIDDEN),
    "two Hosts": posted(HOST, b"Host: other", b"Content-Length: 0", body=HIDDEN),
    "no Host": posted(b"Content-Length: 0", body=HIDDEN),
}
ROUNDS = 1 if os.environ.get("FAULTS_SHORT") == "1" else 10
# These have one meaning, which gunicorn reads: chunks; a body that never ends, and is cut off at its limit; any host.
# nginx refuses them all the same.
ONLY_NGINX = {"TE in a list", "enormous chunk", "no Host"}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service behind nginx."""
    with running(tmp_path_factory.mktemp("service"), PROXIES="1") as service:
        yield service


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give nginx in front of it."""
    with proxied(tmp_path_factory.mktemp("nginx"), service) as proxy:
        yield proxy


def answered(connection: socket.socket, request: bytes) -> bytes:
    """Send a request, and read until the other side closes: a connection that stays open runs into the timeout."""
    connection.settimeout(8)
    with connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def check_refused(received: bytes) -> None:
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.split()[1] in (b"400", b"501")
    assert b"application/problem+json" in received


@pytest.mark.parametrize("name", sorted(SET.keys() - ONLY_NGINX))
def test_a_request_of_two_meanings_is_refused_without_a_proxy(service: Service, name: str) -> None:
    check_refused(answered(socket.create_connection(service.address), SET[name]))


@needs_nginx
@pytest.mark.parametrize("name", SET)
def test_a_request_of_two_meanings_is_refused_by_nginx(service: Service, proxy: Proxy, name: str) -> None:
    trusted = ssl.create_default_context(cafile=str(proxy.ca))
    plain = socket.create_connection(("127.0.0.1", proxy.port))
    lines = service.log().count("\n")
    check_refused(answered(trusted.wrap_socket(plain, server_hostname="127.0.0.1"), SET[name]))
    assert service.log().count("\n") == lines, "something came through"


@needs_nginx
def test_no_answer_reaches_another_request_meanwhile(service: Service, proxy: Proxy) -> None:
    trusted = ssl.create_default_context(cafile=str(proxy.ca))
    with under_load(proxy, service.sign_in()) as load:
        for request in [*SET.values()] * ROUNDS:
            plain = socket.create_connection(("127.0.0.1", proxy.port))
            answered(trusted.wrap_socket(plain, server_hostname="127.0.0.1"), request)
    print(f"\n{len(SET) * ROUNDS} requests of two meanings beside {len(load.got)} others: {dict(load.statuses())}")
    assert load.statuses() == {200: len(load.got)}
    assert all(answer.own for answer in load.got)
    assert "smuggled" not in proxy.log()
    assert not Path(proxy.folder / "error.log").read_text()
