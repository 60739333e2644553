"""The processes that score turns, as they report themselves among the workers."""

from __future__ import annotations

import socket

MARK = "/feed"
"""After the host's name, which cannot hold a slash."""


def host() -> str:
    """Return how a process of the feed on this host is named among the workers."""
    return f"{socket.gethostname()}{MARK}"


def is_feed(name: str) -> bool:
    """Return whether a name among the workers is a feed's."""
    return name.endswith(MARK)


def is_here(name: str) -> bool:
    """Return whether a process that reported by a name runs on this host."""
    return name.removesuffix(MARK) == socket.gethostname()
