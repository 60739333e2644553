"""Clients that ask through nginx without a pause, and what each got."""

from __future__ import annotations

import json
import ssl
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection

from meanwhile import meanwhile
from proxied import Proxy

from fcv_api.wire.example import example_request

BODY = json.dumps(example_request()).encode()
LONGEST = 40  # seconds that a client waits


@dataclass(frozen=True)
class Answer:
    """began: by time.monotonic(). status: 0 where the connection broke. own: whether it carries the request's id."""

    began: float
    seconds: float
    status: int
    media_type: str = ""
    own: bool = True


@dataclass
class Load:
    """Clients of one token, and their answers."""

    proxy: Proxy
    token: dict[str, str]
    got: list[Answer] = field(default_factory=list)

    def statuses(self) -> Counter[int]:
        """Count the answers by status."""
        return Counter(answer.status for answer in self.got)

    def rate(self, since: float, until: float) -> float:
        """Give the answers of 200 a second within a span of time.monotonic()."""
        ended = (answer.began + answer.seconds for answer in self.got if answer.status == 200)
        return sum(since <= moment < until for moment in ended) / (until - since)

    def percentile(self, share: float) -> float:
        """Give the seconds within which a share of the answers came."""
        taken = sorted(answer.seconds for answer in self.got)
        return taken[int(share * (len(taken) - 1))]

    def run(self, done: threading.Event) -> None:
        """Ask until told to stop, on one connection as long as it is kept."""
        trusted = ssl.create_default_context(cafile=str(self.proxy.ca))
        connection = HTTPSConnection("127.0.0.1", self.proxy.port, timeout=LONGEST, context=trusted)
        while not done.is_set():
            self.got.append(ask(connection, self.token))
        connection.close()


def ask(connection: HTTPSConnection, token: dict[str, str]) -> Answer:
    """Ask for one prediction."""
    own = uuid.uuid4().hex
    headers = token | {"Content-Type": "application/json", "X-Request-ID": own}
    began = time.monotonic()
    try:
        connection.request("POST", "/predict", BODY, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        connection.close()
        return Answer(began, time.monotonic() - began, 0)
    kind = answer.headers.get_content_type()
    return Answer(began, time.monotonic() - began, answer.status, kind, answer.headers["X-Request-ID"] == own)


@contextmanager
def under_load(proxy: Proxy, token: dict[str, str], clients: int = 8) -> Iterator[Load]:
    """Ask by some clients at once while the caller does what it does."""
    load = Load(proxy, token)
    with meanwhile(load.run, clients):
        yield load
