"""A steady load: clients that post one encounter after another, each over a connection of its own.

As a program it loads `HOST:PORT` with a token until its standard input ends, and prints what came of it as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

BODY = Path(__file__).parents[1] / "fixtures" / "encounter_5501.json"
CLIENTS = 4
PAUSE = 0.01
"""Seconds between two requests of one client: the machine is loaded, and not drowned."""


@dataclass
class SteadyLoad:
    """Posts to `/predict` while its block runs. statuses: 0 for a connection that failed."""

    host: str
    port: int
    authorization: str
    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    ids: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop, self._lock, body = threading.Event(), threading.Lock(), BODY.read_bytes()
        self._clients = [threading.Thread(target=self._post, args=(number, body)) for number in range(CLIENTS)]
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _it: BaseException | None, _at: TracebackType | None) -> None:
        self._stop.set()
        for client in self._clients:
            client.join()

    def _post(self, client: int, body: bytes) -> None:
        count = 0
        while not self._stop.wait(PAUSE):
            count += 1
            name, began = f"steady-{client}-{count}", time.monotonic()
            status, reason = self._one(name, body)
            with self._lock:
                self.statuses[status] += 1
                self.longest = max(self.longest, time.monotonic() - began)
                self.ids.append(name)
                self.reasons += [reason] if reason else []

    def _one(self, name: str, body: bytes) -> tuple[int, str]:
        connection = HTTPConnection(self.host, self.port, timeout=60)
        headers = {"Authorization": self.authorization, "Content-Type": "application/json", "X-Request-ID": name}
        try:
            connection.request("POST", "/predict", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            return 0, repr(error)
        finally:
            connection.close()
        return answer.status, ""


def main() -> None:
    """Load until the standard input ends."""
    host, _, port = sys.argv[1].partition(":")
    with SteadyLoad(host, int(port), sys.argv[2]) as load:
        sys.stdin.read()
    told = {"statuses": load.statuses, "longest": load.longest, "reasons": load.reasons[:5]}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
