"""PostgreSQL: how a connection is made, and how long it is waited for.

A server that is stopped refuses at once. One that hangs, or whose host is gone, says nothing at all: then only the
clocks set here end the waiting.
"""

from __future__ import annotations

import select
from collections.abc import Generator
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.exc import DisconnectionError

from fcv_api.extensions.breaker import Breaker

try:
    from psycopg import Connection, OperationalError
except ImportError:  # only who uses PostgreSQL needs it; settings/ says so where it is missing
    Connection, OperationalError = object, Exception  # type: ignore[assignment,misc]

SECONDS_TO_CONNECT = 2
SECONDS_TO_ANSWER = 2.5
"""The client's own clock, longer than the server's: it runs out only where the server does not answer at all. A request
that waited in the line behind one that waited so long still gets its answer within 5 s."""

CLIENT = {
    "application_name": "fcv-mlapi",
    "connect_timeout": SECONDS_TO_CONNECT,
    "keepalives_idle": 5,  # seconds; with two probes, an idle connection to a host that is gone ends after 9
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": int(SECONDS_TO_ANSWER * 1000),
}
ALWAYS = {"TimeZone": "UTC"}
SERVING = {
    "lock_timeout": "2s",
    "statement_timeout": "2s",
    # A host that is gone in the middle of a write holds the record's lock, and so every other host. The server ends
    # that before they give up waiting, also where another process of that host is the next in the queue.
    "idle_in_transaction_session_timeout": "750ms",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
}


def connect_arguments(url: URL, *, serving: bool = False) -> dict[str, Any]:
    """Return what a connection is made with; what the URL says itself wins. serving: nobody may wait for long."""
    if url.get_backend_name() != "postgresql":
        return {}
    session = ALWAYS | (SERVING if serving else {})
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    given = url.query.get("options", "")
    arguments: dict[str, Any] = {name: value for name, value in CLIENT.items() if name not in url.query}
    return arguments | {"options": f"{options} {given if isinstance(given, str) else ' '.join(given)}".strip()}


@dataclass
class Silence:
    """What one request has found out for the others. at: when the server last left a question without an answer."""

    breaker: Breaker
    at: float = 0.0


class ImpatientConnection(Connection):
    """A connection that is closed when the server leaves a question without an answer."""

    silence: Silence

    def wait(self, gen: Generator[Any, Any, Any], *more: Any, **options: Any) -> Any:  # noqa: ANN401
        """Wait as psycopg does, and not for ever."""
        return super().wait(self._bounded(gen), *more, **options)

    def _bounded(self, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        deadline = monotonic() + SECONDS_TO_ANSWER
        try:
            wanted = next(generator)
            while True:
                ready = yield wanted
                if not ready and monotonic() > deadline:
                    self.silence.at = monotonic()
                    self.silence.breaker.settle(failed=True)
                    self.close()  # nothing may wait for it again, not even to roll back
                    raise OperationalError(f"The server did not answer within {SECONDS_TO_ANSWER} s.")
                wanted = generator.send(ready)
        except StopIteration as end:
            return end.value


def be_impatient(engine: Engine) -> None:
    """Let no request wait for a server that does not answer, nor use a connection that the server has closed."""
    breaker = Breaker()
    silence = Silence(breaker)

    def connect(_dialect: Dialect, _record: object, positional: list[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        if not breaker.may_try():
            raise OperationalError("The server did not answer a moment ago.")
        failed = True
        try:
            connection = ImpatientConnection.connect(*positional, **named)
            failed = False
        finally:
            breaker.settle(failed=failed)
        connection.silence = silence
        return connection

    def opened(_connection: object, record: Any) -> None:  # noqa: ANN401
        record.info["opened"] = monotonic()

    def check(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401
        if record.info["opened"] < silence.at or _closed_by_server(connection):
            raise DisconnectionError  # the pool makes another one

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", opened)
    event.listen(engine, "checkout", check)


def _closed_by_server(connection: Any) -> bool:  # noqa: ANN401
    """Look whether the server has ended an idle connection: then its last words, or its end, wait to be read.

    This asks the server nothing. A ping before each use would cost a request 0.2 ms.
    """
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
