"""Clients that connect and say nothing."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from service import Service, wait_until_live

WORKERS = 2
"""As many as a service has by itself."""
OWN = 500
"""Descriptors that the test itself needs."""


@contextmanager
def running_with(limit: int, service: Service) -> Iterator[Service]:
    """Give a service that was just started so many open files, hard and soft; wait for it, and stop it at the end."""
    resource.prlimit(service.master.pid, resource.RLIMIT_NOFILE, (limit, limit))  # long before Python has begun
    try:
        wait_until_live(service)
        while len(service.workers()) < WORKERS:
            time.sleep(0.02)
        yield service
    finally:
        service.stop()


@contextmanager
def idle_clients(service: Service, count: int) -> Iterator[list[socket.socket]]:
    """Keep so many connections open meanwhile, as far as the service does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + OWN)), hard))
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(service.address, timeout=20)) for _ in range(count)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def still_open(clients: list[socket.socket]) -> int:
    """Count those that the service did not close."""
    for client in clients:
        client.settimeout(0)
    return sum(_is_open(client) for client in clients)


def _is_open(client: socket.socket) -> bool:
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
