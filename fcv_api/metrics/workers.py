"""The collector of what the workers of an instance have counted, and of which of them live."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from fcv_api import __version__
from fcv_api.metrics import slots


class Workers:
    """Reads the files of all slots, which other processes write meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Yield which slots are held, and the sums over all slots, held or not: a count never falls."""
        yield build()
        live = GaugeMetricFamily("fcv_worker_live", "1 for a slot that a live worker holds.", labels=("slot",))
        for slot in sorted(slots.holders(self._folder)):
            live.add_metric((str(slot),), 1)
        yield live
        with suppress(ValueError):  # no worker has made the folder
            yield from MultiProcessCollector(None, str(self._folder)).collect()  # type: ignore[no-untyped-call]


class Build:
    """The collector of which version this is, for a process without workers."""

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        yield build()


def build() -> Metric:
    """Return the version of the service, as a label."""
    version = GaugeMetricFamily("fcv_build_info", "1 for the version of the service.", labels=("version",))
    version.add_metric((__version__,), 1)
    return version
