"""A gateway of many beds: a message of IHE PCD-01 a bed and minute, over one or a few connections of MLLP.

On each connection it sends one message and waits for its acknowledgement before it sends the next, as gateways do.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import orjson

from bench.feed import monitors
from bench.feed.monitors import FIRST, ROWS, VARIANTS, Observed
from fcv_api.domain.observations import Posted
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.wire.hl7.frames import FrameBuffer, framed
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.sources_file import read_sources
from fcv_api.wire.hl7.writing import pcd_01, stamp
from fcv_api.wire.observations import ObservationsSchema

NAME = "icu"
SOURCES = f'[source.{NAME}]\npeers = ["127.0.0.1"]\nidentifiers = "pseudonym"\nzone = "UTC"\n'
"""Numbers are taken as they are, so that a bed's past can be written for them."""
SECONDS_TO_START, LONGEST = 60.0, 60.0
"""For which the listener, and an acknowledgement, are waited for."""
ACCEPTED = b"\rMSA|AA|"
MINUTE = 978_307_260_000_000
"""2001-01-01T00:01:00Z: of the templates."""


def _template(variant: int, obx: int) -> bytes:
    """Build a message of the first bed: the rows of its post, with other parameters up to so many OBX."""
    posted = ObservationsSchema().load(orjson.loads(monitors.TEMPLATES[variant])).observations(UTC).posted
    (own,) = posted
    named = [
        each._replace(key=each.key._replace(name=SIGNS[INDEX_BY_CODE[each.key.sign]].name, channel=f"1.1.{number}"))
        for number, each in enumerate(own.observations)
    ]
    return pcd_01(Posted(own.encounter, named), MINUTE, obx)


class Messages:
    """The messages of all beds, made in advance but for bed and minute."""

    def __init__(self, obx: int) -> None:
        self._templates = [_template(variant, obx) for variant in range(VARIANTS)]

    def of(self, bed: int, minute: int) -> bytes:
        """Return the message of a bed, from 0 on, at a minute since the epoch."""
        at = minute * 60_000_000
        return (
            self._templates[(bed * 7 + minute) % VARIANTS]
            .replace(str(FIRST).encode(), str(FIRST + bed).encode())
            .replace(str(MINUTE).encode(), str(at).encode())
            .replace(stamp(MINUTE).encode(), stamp(at).encode())
            .replace(stamp(MINUTE - 30_000_000).encode(), stamp(at - 30_000_000).encode())
        )


def history(end: int, minutes: int, step: int = 1) -> Iterator[Observed]:
    """Return what such a bed sent in the minutes before `end`, as the listener stores it; every `step` minutes."""
    source, messages = _source(), Messages(ROWS)
    for minute in range(end - minutes, end, step):
        for message in messages_of(messages.of(0, minute)):
            for group in read(message, source, allow_test=False).groups:
                for each in (row.observation for row in group.rows):
                    yield (*each.key, each.status, each.value, each.unit, each.flag)


def _source() -> Source:
    (own,) = read_sources(SOURCES, UTC)
    return own


def settings(folder: Path, port: int) -> dict[str, str]:
    """Return what lets `fcv feed run` listen on a port of the loopback."""
    file = folder / "sources.toml"
    file.write_text(SOURCES, "utf-8")
    return {"HL7_BIND": f"127.0.0.1:{port}", "HL7_SOURCES_FILE": str(file)}


class Line:
    """A connection that is kept, and made again where it was closed."""

    def __init__(self, port: int, messages: Messages) -> None:
        """Connect, as soon as the listener is there."""
        self._port, self._messages = port, messages
        until = time.monotonic() + SECONDS_TO_START
        while not self._connect() and time.monotonic() < until:
            time.sleep(0.2)

    def prepare(self, bed: int, minute: int) -> bytes:
        """Return a bed's message in its frame."""
        return framed(self._messages.of(bed, minute))

    def post(self, frame: bytes) -> tuple[int, int]:
        """Send a message, once more where it was not accepted. Return 200 and its rows, as of a post; 0 and 0 else."""
        for _attempt in range(2):
            with suppress(OSError):
                if self._exchange(frame):
                    return 200, ROWS
            self._connect()
        return 0, 0

    def _connect(self) -> bool:
        self._buffer = FrameBuffer(65_536)
        with suppress(OSError):
            self._socket = socket.create_connection(("127.0.0.1", self._port), LONGEST)
            return True
        return False

    def _exchange(self, frame: bytes) -> bool:
        """Return whether a message was accepted."""
        self._socket.sendall(frame)
        while data := self._socket.recv(65_536):
            for answer in self._buffer.feed(data, 0.0):
                return ACCEPTED in answer
        return False

    def close(self) -> None:
        """Close it."""
        self._socket.close()
