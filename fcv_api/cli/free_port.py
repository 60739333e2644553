"""Whether the service may listen where it is asked to: said in a sentence before it is started."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import click
from gunicorn.util import parse_address

TAKEN = "Another program listens on {bind}: perhaps this service in another terminal. Take another: FCV_BIND={free}"
NOT_HERE = (
    "This machine has no address {bind}. FCV_BIND=127.0.0.1:8000 is for this machine alone, 0.0.0.0:8000 for all."
)
NOT_ALLOWED = "Only root may listen on {bind}. Serve on a port from 1024 on: FCV_BIND={free}"
REASONS = {errno.EADDRINUSE: TAKEN, errno.EADDRNOTAVAIL: NOT_HERE, errno.EACCES: NOT_ALLOWED}
PORTS_TO_TRY = 20
FIRST_OF_ALL_USERS = 8000


def refuse_taken(bind: str) -> None:
    """Raise ClickException where nobody can listen on this address now, with a free port of the same host.

    bind: as FCV_BIND gives it. A UNIX socket is gunicorn's business: it replaces one that nobody listens on.
    """
    where = parse_address(bind)
    if not isinstance(where, tuple):
        return
    error = _refusal(where)
    if error:
        free = f"{where[0]}:{_free_port(*where)}"
        raise click.ClickException(REASONS[error].format(bind=bind, free=free))


def _refusal(where: tuple[str, int]) -> int | None:
    """Return the errno of one of the REASONS for which this address cannot be listened on; None where it can."""
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            probe.bind(where)
            probe.listen()
        except OSError as error:
            return error.errno if error.errno in REASONS else None
    return None


def _free_port(host: str, taken: int) -> int:
    after = range(max(taken + 1, FIRST_OF_ALL_USERS), max(taken + 1, FIRST_OF_ALL_USERS) + PORTS_TO_TRY)
    return next((port for port in after if _refusal((host, port)) is None), after[0])
