"""`fcv doctor`: settings that are each allowed, and together are not what a ward wants."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from fcv_api.cli.doctor.finding import OK, WARNING, Finding, Place
from fcv_api.settings import ROOT, Settings

CONTAINER = (Path("/.dockerenv"), Path("/run/.containerenv"))


def check_settings(place: Place) -> Iterator[Finding]:
    """Look at what was set."""
    settings, file = place.settings, ROOT / ".env"
    source = f"the environment and {file}" if file.is_file() else "the environment"
    yield Finding("settings", OK, f"All can be read, from {source}: {settings.env}.")
    for advice, detail in (*_production(settings), *_network(settings)):
        yield Finding("settings", WARNING, detail, advice)


def _production(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.production:
        yield (
            "Set FCV_ENV=production before patients depend on it.",
            "FCV_ENV is development: anyone may make accounts, and any model may answer.",
        )
        return
    if settings.registration == "open":
        yield (
            "Set FCV_REGISTRATION=admin or closed.",
            "FCV_REGISTRATION is open: whoever reaches the service makes an account.",
        )
    if settings.ledger == "off":
        yield "Set FCV_LEDGER=required.", "FCV_LEDGER is off: no prediction is recorded, so none can be looked up."
    if settings.stale_minutes == 0:
        yield "Set FCV_STALE_MINUTES=15.", "FCV_STALE_MINUTES is 0: an answer from old data carries no warning."


def _network(settings: Settings) -> Iterator[tuple[str, str]]:
    """Compare FCV_PROXIES with FCV_BIND. In a container, the container's network decides who reaches the port."""
    if not settings.production or any(mark.exists() for mark in CONTAINER):
        return
    alone = _only_from_here(settings.bind)
    if alone and settings.proxies == 0:
        yield (
            "Set FCV_PROXIES=1 when nginx stands in front.",
            f"FCV_PROXIES is 0, and only this host reaches {settings.bind}: all clients look like one address.",
        )
    elif not alone and settings.proxies == 0:
        yield (
            "Set FCV_BIND=127.0.0.1:8000, put nginx in front, and set FCV_PROXIES=1.",
            f"The network reaches {settings.bind} in plain HTTP: passwords and vital signs can be read on the way.",
        )
    elif not alone:
        yield (
            "Set FCV_BIND=127.0.0.1:8000, or let a firewall allow the proxy alone.",
            f"The network reaches {settings.bind} past the proxy, and FCV_PROXIES={settings.proxies} believes it.",
        )


def _only_from_here(bind: str) -> bool:
    host = bind.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or bind.startswith(("unix:", "fd://"))
