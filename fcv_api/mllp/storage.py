"""One thread stores what the loop has framed: many waiting messages in one transaction, each answered after it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from time import monotonic, time_ns

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import maintenance
from fcv_api.feed import sources, store
from fcv_api.feed.store import Arrival, Delivery
from fcv_api.mllp.answers import Waiting, answered
from fcv_api.mllp.site import Site

FRAMES_AT_ONCE, BYTES_AT_ONCE = 64, 256_000
"""Of a transaction: it keeps others from SQLite's file, and from the stays that it has locked, for about a second."""
SECONDS_BETWEEN_LOOKS = 1.0
"""At SQLite's file."""
log = logging.getLogger("fcv_api")


class Storage:
    """Stores the frames of all connections, in the order in which they came."""

    def __init__(self, app: Flask, site: Site) -> None:
        """app: with a database of its own, whose connections survive a power cut."""
        self._app = app
        self._site = site
        self._waiting: SimpleQueue[Waiting | None] = SimpleQueue()
        self._look_at = 0.0
        self._heard: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="hl7-storage", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def submit(self, waiting: Waiting) -> None:
        """Let a frame wait for the next transaction."""
        self._site.queue.enter()
        self._waiting.put(waiting)

    def stop(self) -> None:
        """Store what waits, and end."""
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with self._app.app_context():
            while (batch := self._next()) is not None:
                answers = self._answers(batch)
                for waiting, answer in zip(batch, answers, strict=True):
                    waiting.answer(answer)
                    self._site.queue.leave()
                if not batch:
                    self._write_counts()
            self._write_counts()

    def _answers(self, batch: Sequence[Waiting]) -> list[bytes]:
        """Return the acknowledgements of each frame; none, so that they are sent again, where an error is ours."""
        try:
            if monotonic() >= self._look_at:
                self._look_at = monotonic() + SECONDS_BETWEEN_LOOKS
                maintenance.look(self._app)
            self._heard |= {waiting.label: time_ns() // 1000 for waiting in batch}
            return answered(batch, self._site)
        except Exception as error:  # noqa: BLE001 - this thread serves every gateway
            log.error("hl7: nothing was answered: %s", type(error).__name__)  # noqa: TRY400 - its text may quote a row
            return [b""] * len(batch)

    def _write_counts(self) -> None:
        """Write what is counted and not written yet, once nothing comes any more. What fails is written later."""
        heard, self._heard = self._heard, {}
        for label, now in heard.items():
            sources.counted().put_back(label, {})  # due now, however short ago others were written
            try:
                store.store_all([Delivery((), Arrival(label, now, now, self._site.hours))])
            except (SQLAlchemyError, OSError):
                self._heard.setdefault(label, now)

    def _next(self) -> list[Waiting] | None:
        """Return the frames that wait; none where nothing came for a while, and None at the end."""
        batch: list[Waiting] = []
        size = 0
        while len(batch) < FRAMES_AT_ONCE and size < BYTES_AT_ONCE:
            try:
                waiting = self._waiting.get(block=not batch, timeout=None if batch else sources.EVERY)
            except Empty:
                break
            if waiting is None:
                self._waiting.put(None)
                return batch or None
            batch.append(waiting)
            size += len(waiting.content)
        return batch
