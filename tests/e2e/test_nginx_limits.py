"""What nginx limits, on every route and by network: slow readers, streams of HTTP/2, paths with a slash at the end."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import http2
import pytest
import requests
from proxied import Proxy, needs_nginx, proxied
from service import Service, running

MB = 1024 * 1024
BUNDLE = "/docs/swagger-ui-bundle.js"
ROUTES = (
    "/",
    "/home",
    "/predict",
    "/predict/batch",
    "/predictions",
    "/auth/token",
    BUNDLE,
    "/openapi.json",
    "/nowhere",
)
pytestmark = needs_nginx


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service that believes nginx."""
    with running(tmp_path_factory.mktemp("service"), PROXIES="1") as service:
        yield service


@pytest.fixture(scope="module")
def few(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give nginx that takes three requests at once of one network, two of them batches, and waits for a second only."""
    changes = {
        "limit_conn clients 512": "limit_conn clients 3",
        "limit_conn batches 64": "limit_conn batches 2",
        "send_timeout 10s": "send_timeout 1s",
        "client_body_timeout 10s": "client_body_timeout 3s",
        "backlog=1024": "backlog=1024 sndbuf=32k",  # else the kernel takes a whole answer from nginx at once
    }
    with proxied(tmp_path_factory.mktemp("few"), service, changes=changes) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def by_network(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give nginx that believes a header which address a client has, and takes two calls under `/auth/` of a network."""
    changes = {
        "server_tokens off;": "server_tokens off; set_real_ip_from 127.0.0.1; real_ip_header X-Address;",
        "burst=60": "burst=2",
        "rate=2r/s": "rate=1r/m",
    }
    with proxied(tmp_path_factory.mktemp("network"), service, changes=changes) as proxy:
        yield proxy


@contextmanager
def held(proxy: Proxy, count: int, path: str) -> Iterator[None]:
    """Keep requests under way meanwhile: each has said what it will send, and sends nothing of it."""
    context = ssl.create_default_context(cafile=str(proxy.ca))
    connections = []
    for _ in range(count):
        plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
        connections.append(context.wrap_socket(plain, server_hostname="127.0.0.1"))
        connections[-1].sendall(f"POST {path} HTTP/1.1\r\nHost: fcv\r\nContent-Length: 9\r\n\r\n".encode())
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


def status(proxy: Proxy, path: str, method: str = "GET", **more: Any) -> int:
    return requests.request(method, f"{proxy.url}{path}", verify=str(proxy.ca), timeout=20, **more).status_code


def soon(proxy: Proxy, wanted: int, path: str, method: str = "GET", **more: Any) -> bool:
    """Ask until the answer is what is wanted: nginx may not have read yet what others sent."""
    deadline = time.monotonic() + 20
    while (found := status(proxy, path, method, **more)) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return found == wanted


def lines(proxy: Proxy, request_id: str) -> list[dict[str, Any]]:
    """Return the lines of the access log about a request, for which nginx has some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [line for line in map(json.loads, proxy.log().splitlines()) if line["request_id"] == request_id]
        if found:
            return found
        time.sleep(0.05)
    return []


@pytest.mark.parametrize("path", ROUTES)
def test_what_one_network_has_under_way_is_limited_on_every_route(few: Proxy, path: str) -> None:
    with held(few, 3, "/predict"):
        assert soon(few, 429, path)
    assert status(few, path) != 429


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("held_slash", ["", "/", "%2F"])
def test_a_batch_is_limited_alike_with_a_slash_at_its_end(few: Proxy, slash: str, held_slash: str) -> None:
    with held(few, 2, f"/predict/batch{held_slash}"):
        assert soon(few, 429, f"/predict/batch{slash}", "POST", data=b"{}")
        assert status(few, "/predict", "POST", data=b"{}") == 401


@pytest.mark.parametrize("path", ["/predict/batch", "/predict/batch/", "/predict/", "/auth/token/"])
def test_a_body_has_the_same_limit_with_a_slash_at_the_end(few: Proxy, path: str) -> None:
    largest = {"predict/batch": 32 * MB, "predict": 2 * MB, "auth/token": 16 * 1024}[path.strip("/")]
    headers = {"Content-Type": "application/json"}
    assert status(few, path, "POST", data=b" " * largest, headers=headers) in (400, 401)
    assert status(few, path, "POST", data=b" " * (largest + 1), headers=headers) == 413


def test_a_reader_that_takes_nothing_is_ended(few: Proxy) -> None:
    context = ssl.create_default_context(cafile=str(few.ca))
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", few.port))
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        connection.sendall(f"GET {BUNDLE} HTTP/1.1\r\nHost: fcv\r\nX-Request-ID: takes-nothing\r\n\r\n".encode())
        (line,) = lines(few, "takes-nothing")
    assert line["sent"] < MB
    assert 1 <= line["seconds"] < 5


def test_a_stream_of_http_2_that_takes_nothing_is_ended(few: Proxy) -> None:
    with http2.stalled(few) as connection:
        http2.get(connection, 1, BUNDLE, "stream-takes-nothing")
        (line,) = lines(few, "stream-takes-nothing")
    assert (line["protocol"], line["status"]) == ("HTTP/2.0", 200)
    assert line["sent"] < 10_000
    assert 1 <= line["seconds"] < 5


def test_each_stream_of_http_2_counts_and_a_connection_has_few(few: Proxy) -> None:
    with http2.stalled(few) as connection:
        assert http2.settings(connection)[http2.MAX_CONCURRENT_STREAMS] == 32
        for number in range(4):
            http2.get(connection, 2 * number + 1, BUNDLE, f"stream-{number}")
        statuses = [line["status"] for number in range(4) for line in lines(few, f"stream-{number}")]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("network", "other"),
    [
        ([f"2001:db8:0:7:{number:x}::1" for number in range(24)], "2001:db8:0:8::1"),
        (["10.0.0.1", "::ffff:10.0.0.1"] * 12, "::ffff:10.0.0.2"),
        (["2001:db8::a:b0a:0", "2001:db8::ffff:ffff:a0d:a0d"] * 12, "2001:db8:1::1"),
    ],
    ids=["one /64", "mapped", "with line ends in it"],
)
def test_all_addresses_of_one_network_are_one_client(by_network: Proxy, network: list[str], other: str) -> None:
    def ask(address: str) -> int:
        return status(by_network, "/auth/token", "POST", data=b"{", headers={"X-Address": address})

    assert [ask(address) for address in network] == [415] * 3 + [429] * 21
    assert ask(other) == 415
