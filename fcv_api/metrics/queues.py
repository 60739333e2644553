"""The collector of what waits in the listener for gateways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric


class Queue(Protocol):
    """What waits, the oldest first."""

    def age(self) -> float:
        """Return for how many seconds the oldest has waited; 0 where nothing waits."""

    def __len__(self) -> int: ...


class Frames:
    """Reads the listener's queue of frames."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Yield how many frames wait to be stored, and how long the oldest has."""
        yield GaugeMetricFamily("fcv_hl7_queue_frames", "Frames that wait to be stored.", len(self._queue))
        words = "Seconds for which the oldest frame has waited."
        yield GaugeMetricFamily("fcv_hl7_queue_age_seconds", words, self._queue.age())
