"""Measure messages of HL7 v2: read, and read and stored, with 129 and with 13 OBX. Processor time, interleaved.

make bench-parts

python-hl7, which splits the same segments where it is installed, is the price that reading by hand saves.
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

from bench.ways import spent
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.domain.vitals import SIGNS
from fcv_api.extensions import db
from fcv_api.extensions.sqlite_file import survive_power_cuts
from fcv_api.mllp.answers import Waiting, answered
from fcv_api.mllp.delivery import delivery_of
from fcv_api.mllp.site import Site
from fcv_api.settings import Settings
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.source import Source

try:
    from hl7.parser import parse
except ImportError:
    parse = None

ROUNDS, BEDS, AT_ONCE = 7, 50, 10
SIZES = (129, 13)
SOURCE = Source("icu", UTC)
SITE = Site([SOURCE], "k" * 40, 12, 4_000_000)


def message_of(size: int, bed: int, minute: int) -> bytes:
    """Return a bed's message of one minute: the nine signs, and parameters that are none of them."""
    at = (datetime.now(UTC) - timedelta(hours=4) + timedelta(minutes=minute)).strftime("%Y%m%d%H%M%S+0000")
    lines = [
        f"MSH|^~\\&|GW^0011223344556677^EUI-64|ICU|||{at}||ORU^R01^ORU_R01|{bed}-{minute}|P|2.6|||AL|NE||UNICODE UTF-8",
        f"PID|||{bed}^^^H^MR",
        f"PV1||I|ICU^^{bed}" + "|" * 16 + f"V{bed}",
        f"OBR|1|1^GW|1^GW|182777000^monitoring of patient^SCT|||{at}",
    ]
    for number in range(size):
        sign = SIGNS[number] if number < len(SIGNS) else None
        code = f"{sign.code}^{sign.name}^MDC" if sign else f"{150_000 + number}^MDC_OTHER_{number}^MDC"
        unit = f"{sign.unit.code}^{sign.unit.name}^MDC" if sign else "266016^MDC_DIM_MMHG^MDC"
        value = 37 + (minute + number) % 5
        lines.append(f"OBX|{number + 1}|NM|{code}|1.1.1.{number}|{value}|{unit}|||||R|||{at}")
    return "\r".join([*lines, ""]).encode()


def read_only(messages: Sequence[bytes]) -> None:
    """Read messages, to what the store takes."""
    for content in messages:
        for message in messages_of(content):
            delivery_of(read(message, SOURCE, allow_test=False), SOURCE, SITE, time_ns() // 1000)


def read_and_stored(messages: Sequence[bytes]) -> None:
    """Read and store messages, some in a transaction, with their acknowledgements."""
    for start in range(0, len(messages), AT_ONCE):
        waiting = [Waiting(each, SOURCE, lambda _answer: None) for each in messages[start : start + AT_ONCE]]
        assert all(b"|AA|" in answer for answer in answered(waiting, SITE))  # noqa: S101


def by_python_hl7(messages: Sequence[bytes]) -> None:
    """Split messages by python-hl7, and read nothing of them."""
    for content in messages:
        parse(content.decode())


WAYS: dict[str, Callable[[Sequence[bytes]], None]] = {"read": read_only, "read and stored": read_and_stored}
if parse is not None:
    WAYS["split by python-hl7"] = by_python_hl7


def main() -> None:
    """Print the medians of the rounds: milliseconds a message, and messages a second of a core."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FCV_DATABASE_URL": f"sqlite:///{Path(folder) / 'fcv.db'}", "FCV_LOG_DIR": folder}
        settings = Settings.from_environment(dotenv=None)
        migrate_database(settings)
        with database_app(settings).app_context():
            survive_power_cuts(db.engine)
            print(
                f"\nHL7 on SQLite, {AT_ONCE} messages a transaction, {ROUNDS} rounds of {BEDS} messages, processor time"
            )
            for size in SIZES:
                _print(size, _spent(size))
            db.engine.dispose()


def _spent(size: int) -> dict[str, list[float]]:
    """Return the milliseconds a message of each way and round. A round is a minute of all beds."""
    first = 100 * (size == SIZES[0])
    return spent(WAYS, ([message_of(size, bed, minute + first) for bed in range(BEDS)] for minute in range(ROUNDS + 1)))


def _print(size: int, found: dict[str, list[float]]) -> None:
    print(f"  {size} OBX")
    for way, each in found.items():
        middle = statistics.median(each)
        ends = f"{min(each):.2f} to {max(each):.2f}"
        print(f"    {way:<20} {middle:6.2f} ms ({ends}), {1000 / middle:6.0f} a second of a core")


if __name__ == "__main__":
    main()
