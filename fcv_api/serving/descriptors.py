"""File descriptors: how many a process may have, and how many connections that is."""

from __future__ import annotations

import contextlib
import resource
import socket
from dataclasses import dataclass

OF_A_THREAD = 2
"""Descriptors kept free for each thread: what it has open of the database and of logs. A busy worker had 20 in all."""
LEAST = 32
MOST_LINGERING = 256
"""Connections that were closed to their clients, and are still read for a moment."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections a worker may have open, and how many more that linger."""

    connections: int
    lingering: int

    @classmethod
    def beside(cls, threads: int, most: int) -> Room:
        """Return what the soft limit leaves beside so many threads. most: connections, however high the limit is."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = most + MOST_LINGERING if soft == resource.RLIM_INFINITY else max(soft - OF_A_THREAD * threads, LEAST)
        lingering = min(MOST_LINGERING, free // 4)
        return cls(min(most, free - lingering), lingering)


def raise_limit() -> None:
    """Raise the soft limit to the hard one, as a process may by itself. Where a sandbox forbids it, all stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def brought_something(sock: socket.socket) -> bool:
    """Return whether there is anything to read, the end included; nothing of it is read."""
    try:
        sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
