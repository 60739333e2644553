"""Measure Bundles of FHIR R4: read, and read, stored and answered, with 200 Observations. Processor time.

make bench-parts
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson

from bench.ways import spent
from fcv_api import maintenance
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.domain.vitals import SIGNS
from fcv_api.extensions import db
from fcv_api.feed import sources, store
from fcv_api.feed.store import Arrival
from fcv_api.fhir.answer import answer_of
from fcv_api.fhir.delivery import addressed, counts_of, refused
from fcv_api.fhir.reading import read_bundle
from fcv_api.fhir.signs import LOINC_SYSTEMS, MDC_SYSTEMS, NAME_BY_LOINC
from fcv_api.settings import Settings
from fcv_api.wire.hl7.source import Source

ROUNDS, BUNDLES, OBSERVATIONS = 9, 10, 200
SOURCE, KEY = Source("icu", UTC), "k" * 40
LOINC_BY_NAME = {name: code for code, name in NAME_BY_LOINC.items()}
CATEGORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}


def bundle_of(beds: Sequence[int], minute: int) -> bytes:
    """Return a minute of some beds: the nine signs of each, in turn, as devices write them."""
    start = datetime.now(UTC) - timedelta(hours=4) + timedelta(minutes=minute)
    entries = []
    for number in range(OBSERVATIONS):
        sign, bed = SIGNS[number % len(SIGNS)], beds[number // len(SIGNS) % len(beds)]
        codes = [(MDC_SYSTEMS[0], str(sign.code)), (LOINC_SYSTEMS[0], LOINC_BY_NAME[sign.name])]
        at = (start + timedelta(seconds=2 * (number // len(SIGNS) // len(beds)))).isoformat(timespec="seconds")
        quantity = {"value": 37 + number % 3, "system": "http://unitsofmeasure.org", "code": sign.unit.ucum[0]}
        resource = {
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [CATEGORY]}],
            "code": {"coding": [{"system": system, "code": code} for system, code in codes]},
            "subject": {"reference": f"Patient/{bed}"},
            "encounter": {"identifier": {"system": "urn:oid:2.999.1", "value": f"V{bed}"}},
            "effectiveDateTime": at,
            "valueQuantity": quantity,
        }
        url = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        entries.append({"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": "Observation"}})
    return orjson.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})


def read_only(bodies: Sequence[bytes]) -> None:
    """Read Bundles, to what the store takes."""
    now = time_ns() // 1000
    for body in bodies:
        addressed(read_bundle(body, SOURCE), SOURCE, KEY, Arrival("icu", now, now, 12))


def whole(bodies: Sequence[bytes]) -> None:
    """Read, store and answer Bundles, as the view does behind the token."""
    now = time_ns() // 1000
    for body in bodies:
        reading = read_bundle(body, SOURCE)
        own = addressed(reading, SOURCE, KEY, Arrival("icu", now, now, 12))
        (taken,) = store.store_all([own.delivery])
        sources.counted().count("icu", counts_of(reading))
        answer = orjson.dumps(answer_of(reading, refused(own, taken)))
        assert answer.count(b"200 OK") == OBSERVATIONS  # noqa: S101


WAYS: dict[str, Callable[[Sequence[bytes]], None]] = {"read": read_only, "read, stored, answered": whole}
SHAPES = {"of 23 beds": range(23), "of one bed": range(100, 101)}


def main() -> None:
    """Print the medians of the rounds: milliseconds a Bundle."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FCV_DATABASE_URL": f"sqlite:///{Path(folder) / 'fcv.db'}", "FCV_LOG_DIR": folder}
        migrate_database(settings := Settings.from_environment(dotenv=None))
        app = database_app(settings, serving=True)
        maintenance.begin(app, settings)
        with app.app_context():
            print(
                f"\nFHIR on SQLite, {OBSERVATIONS} Observations, {ROUNDS} rounds of {BUNDLES} Bundles, processor time"
            )
            for name, beds in SHAPES.items():
                _print(name, _spent(beds))
            db.engine.dispose()


def _spent(beds: Sequence[int]) -> dict[str, list[float]]:
    """Return the milliseconds a Bundle of each way and round, with a minute of its own for each Bundle."""
    rounds = ([bundle_of(beds, round_ * BUNDLES + at) for at in range(BUNDLES)] for round_ in range(ROUNDS + 1))
    return spent(WAYS, rounds)


def _print(name: str, found: dict[str, list[float]]) -> None:
    print(f"  {name}")
    for way, each in found.items():
        middle = statistics.median(each)
        print(f"    {way:<24} {middle:6.2f} ms ({min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
