"""`fcv doctor`: whether the service runs, and what it says of itself."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from typing import Any

import orjson
from gunicorn.util import parse_address

from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place, reason_of

SECONDS = 10.0
STATUSES = {"ok": OK, "degraded": WARNING}
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not where it is asked
START = "Start it (`systemctl start fcv-api`, `docker compose up -d`, `fcv serve`), and read why it ended in its log."
SEE = "docs/incident.md says what to do about each."


def check_running(place: Place) -> Iterator[Finding]:
    """Ask `/health/ready` where FCV_BIND says that the service listens; not where it is meant to be down."""
    if place.wanted.stopped:
        return
    where = parse_address(place.settings.bind)
    if isinstance(where, int):
        yield Finding("service", OK, f"Not asked: {place.settings.bind} is a descriptor that systemd hands over.")
        return
    try:
        ready = ask(where)
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as error:
        yield Finding("service", FAILED, f"No service answers on {place.settings.bind}: {reason_of(error)}.", START)
        return
    yield from _reported(ready)


def ask(where: str | tuple[str, int]) -> dict[str, Any]:
    """Return what `/health/ready` answers. where: a UNIX socket's path, or host and port. Raises OSError and others."""
    connection = http.client.HTTPConnection("localhost")
    with _connected(where) as connection.sock:
        connection.request("GET", "/health/ready")
        answer: dict[str, Any] = orjson.loads(connection.getresponse().read())
    return answer


def _connected(where: str | tuple[str, int]) -> socket.socket:
    if isinstance(where, tuple):
        return socket.create_connection((ANYWHERE.get(where[0], where[0]), where[1]), SECONDS)
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(SECONDS)
    try:
        connected.connect(where)
    except OSError:
        connected.close()
        raise
    return connected


def _reported(ready: dict[str, Any]) -> Iterator[Finding]:
    """Return what is not well of the service's own checks; one finding where all is."""
    checks = ready.get("checks") or {}
    unwell = [(name, each) for name, each in checks.items() if each["status"] != "ok"]
    for name, each in unwell:
        yield Finding("service", STATUSES.get(each["status"], FAILED), f"It says of its {name}: {each['detail']}", SEE)
    if not checks:
        yield Finding("service", FAILED, "Something else than this service answers there.", "See what FCV_BIND names.")
    elif not unwell:
        yield Finding("service", OK, "It runs, and says that it is ready.")
