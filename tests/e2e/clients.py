"""Clients that ask a service without a pause and keep what they got, and what is done to it meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

from meanwhile import meanwhile
from service import Service

from fcv_api.wire.example import example_request

SHORT = os.environ.get("FAULTS_SHORT") == "1"


class Answer(NamedTuple):
    """What a client got. begun, ended: by `time.time()`."""

    begun: float
    ended: float
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Load:
    """Clients that take the next body and post it, until told to stop. lost: what broke a connection."""

    service: Service
    token: dict[str, str]
    bodies: Iterator[bytes]
    got: list[Answer] = field(default_factory=list)
    lost: list[Exception] = field(default_factory=list)

    def run(self, done: threading.Event) -> None:
        """Be one client. A broken connection is kept, and made anew."""
        connection, headers = HTTPConnection(*self.service.address, timeout=20), self.token | JSON
        while not done.is_set():
            begun = time.time()
            try:
                connection.request("POST", "/predict", next(self.bodies), headers)
                answer = connection.getresponse()
                body = json.loads(answer.read())
                self.got.append(Answer(begun, time.time(), answer.status, dict(answer.headers), body))
            except (OSError, HTTPException) as error:
                self.lost.append(error)
                connection.close()
        connection.close()


JSON = {"Content-Type": "application/json"}


@contextmanager
def under_load(service: Service, bodies: Iterator[bytes], clients: int) -> Iterator[Load]:
    """Let clients ask during the block. After it, all that was asked was answered or lost."""
    load = Load(service, service.sign_in(), bodies)
    with meanwhile(load.run, clients):
        yield load


@contextmanager
def killing(service: Service, seconds: float) -> Iterator[list[int]]:
    """Kill a worker every so many seconds; give those that were killed."""
    killed: list[int] = []

    def kill(done: threading.Event) -> None:
        while not done.wait(seconds):
            if alive := [pid for pid in service.workers() if pid not in killed]:
                os.kill(alive[0], signal.SIGKILL)
                killed.append(alive[0])

    with meanwhile(kill):
        yield killed


def distinct_request(number: int) -> dict[str, Any]:
    """Make a minimal encounter that has an answer of its own."""
    dice = random.Random(number)
    request = example_request() | {"idAtencion": 10_000 + number}
    request["valor"] = {row: round(value * dice.uniform(0.97, 1.03), 2) for row, value in request["valor"].items()}
    return request


def of_its_own(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the warning that all answers of an unproven model have."""
    own = [each for each in answer.get("warnings", ()) if each["code"] != "unvalidated_model"]
    rest = {name: value for name, value in answer.items() if name != "warnings"}
    return rest | ({"warnings": own} if own else {})
