"""Who is attacked: services that were started here, on this machine's own loopback, and nobody else."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

from processes import held_by
from service import Service

LONGEST = 120
"""Seconds that a client waits."""


class NotLoopback(ValueError):
    """An address may be another machine's."""


def check_loopback(host: str) -> None:
    """Raise NotLoopback for whatever is no address of the loopback. A name may be anybody's."""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(f"{host} is no address of the loopback: only what is started here is attacked.")


@dataclass
class Target:
    """One service, or those of several hosts on one database, which are asked in turn. token: a client's header."""

    services: list[Service]
    token: dict[str, str]
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for each in self.services:
            check_loopback(each.address[0])

    def next(self) -> Service:
        """Return the service whose turn it is."""
        return self.services[next(self._turns) % len(self.services)]

    def workers(self) -> list[int]:
        """Return the workers of all services."""
        return [pid for each in self.services for pid in each.workers()]

    def held(self) -> float:
        """Add up the PSS of all processes of the host that holds most, in MB."""
        return max(held_by(each.master.pid, *each.workers()).megabytes for each in self.services)

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Post a body, and return the status; 0 where the connection broke."""
        connection = HTTPConnection(*self.next().address, timeout=LONGEST)
        try:
            connection.request("POST", path, body, self.token | headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()
        return answer.status

    def largest_worker(self) -> int:
        """Return the worker that holds most, whom the kernel would end where memory is short."""
        return max(self.workers(), key=lambda pid: held_by(pid).megabytes)


def give_way() -> None:
    """Take no turn of the service's: a client is another machine."""
    os.nice(10)
