"""The collector of what the database says: asked seldom, waited for briefly, and left out where it is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import monotonic

from flask import Flask
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import maintenance
from fcv_api.metrics import state
from fcv_api.metrics.state import About

EVERY = 5.0
"""Seconds for which an answer holds, however often metrics are read."""
LONGEST = 3.0
"""Seconds for which a scrape waits for it: Prometheus gives up after 10."""


class Database:
    """Reads in a thread of its own, one at a time: whoever does not answer holds no scrape."""

    def __init__(self, app: Flask, about: About) -> None:
        self._app, self.about = app, about
        self._found: list[Metric] = []
        self._reader: threading.Thread | None = None
        self._read_at = -EVERY
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Yield whether the database answers, and what it says where it does."""
        with self._lock:
            if self._reader is None and monotonic() - self._read_at >= EVERY:
                self._reader = threading.Thread(target=self._read, name="metrics", daemon=True)
                self._reader.start()
            reader = self._reader
        if reader is not None:
            reader.join(LONGEST)
        found = [] if reader is not None and reader.is_alive() else self._found
        yield GaugeMetricFamily("fcv_database_up", "1 where the database answers.", bool(found))
        yield from found

    def _read(self) -> None:
        found: list[Metric] = []
        try:
            with self._app.app_context():
                maintenance.look(self._app)
                found = list(state.read(self.about))
        except (SQLAlchemyError, OSError):
            pass  # readiness says why, and the log
        finally:
            with self._lock:
                self._found, self._read_at, self._reader = found, monotonic(), None
