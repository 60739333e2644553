"""What files say at a scrape: the ages of certificates and of the newest backup, and what drift was found."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time

import orjson
from prometheus_client.core import GaugeMetricFamily, Metric

DRIFT = "drift.json"
"""What `fcv drift --since` leaves in the folder of logs."""
VALIDITY = re.compile(rb"\x30[\x1e-\x22]((?:\x17\x0d|\x18\x0f)\d{12,14}Z)(?:(\x17)\x0d|\x18\x0f)(\d{12,14})Z")
"""Both ends of a certificate's validity, in its DER: UTCTime (0x17, two digits of a year) or GeneralizedTime."""
FIFTY = 50  # UTCTime's years from here on are of the last century: RFC 5280, 4.1.2.5.1
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look. certificates: by the name in the metric. What is not there, or is closed, has no metric."""

    log_dir: Path
    backup_dir: Path | None = None
    certificates: Mapping[str, Path] = field(default_factory=dict)


class Disk:
    """The collector of these metrics."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def collect(self) -> Iterator[Metric]:
        """Look now: some small files and a folder."""
        yield self._certificates()
        yield from self._backup()
        with suppress(OSError, ValueError, LookupError, TypeError):
            yield from list(_drift(self._places.log_dir / DRIFT))

    def _certificates(self) -> Metric:
        words = "Days until a certificate ends."
        days = GaugeMetricFamily("fcv_certificate_days_left", words, labels=("certificate",))
        for name, file in self._places.certificates.items():
            with suppress(OSError, ValueError):
                days.add_metric((name,), (ends_at(file).timestamp() - time()) / 86_400)
        return days

    def _backup(self) -> Iterator[Metric]:
        if self._places.backup_dir is None:
            return
        newest = max(_times(self._places.backup_dir), default=None)
        yield GaugeMetricFamily("fcv_backups", "1 where the folder holds a backup.", newest is not None)
        if newest is not None:
            yield GaugeMetricFamily("fcv_backup_age_seconds", "Age of the newest backup.", time() - newest)


def ends_at(file: Path) -> datetime:
    """Return when the first certificate of a PEM file ends. Raises OSError, and ValueError where there is none."""
    text = file.read_text("ascii")
    first = text[text.index("-----BEGIN CERTIFICATE") :].partition("-----END CERTIFICATE-----")
    found = VALIDITY.search(ssl.PEM_cert_to_DER_cert("".join(first[:2])))
    if found is None:
        raise ValueError(f"{file} is no certificate")
    digits = found[3].decode()
    if found[2]:
        digits = f"{19 if int(digits[:2]) >= FIFTY else 20}{digits}"
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _times(folder: Path) -> Iterator[float]:
    """Yield when each backup in a folder was written."""
    with suppress(OSError):
        for each in folder.iterdir():
            if each.is_file() and each.suffix != UNFINISHED and not each.name.startswith("."):
                yield each.stat().st_mtime


def _drift(file: Path) -> Iterator[Metric]:
    """Yield what was found last, and when. Raises OSError, ValueError, LookupError or TypeError where nothing was."""
    said = orjson.loads(file.read_bytes())
    found = GaugeMetricFamily("fcv_drift_findings", "What `fcv drift` found last.", labels=("model", "what", "verdict"))
    for what, verdict, count in said["found"]:
        found.add_metric((said["model"], what, verdict), count)
    yield found
    age = time() - datetime.fromisoformat(said["at"]).timestamp()
    yield GaugeMetricFamily("fcv_drift_age_seconds", "Seconds since `fcv drift` looked last.", age)


def written(model: str, found: Sequence[tuple[str, str, int]]) -> bytes:
    """Return what `_drift` reads. found: kind of finding, verdict, and how many of them."""
    return orjson.dumps({"at": datetime.now(UTC).isoformat(), "model": model, "found": found})
