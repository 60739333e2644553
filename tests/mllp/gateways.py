"""A gateway for tests: it sends frames to a listener and reads what comes back."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from hl7_messages import HEART_RATE, message, obx, patient

from fcv_api import maintenance
from fcv_api.app import database_app
from fcv_api.extensions import db
from fcv_api.extensions.sqlite_file import survive_power_cuts
from fcv_api.mllp import answers
from fcv_api.mllp.listener import listening
from fcv_api.mllp.site import Site
from fcv_api.settings import Settings
from fcv_api.wire.hl7.frames import FrameBuffer, framed
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.sources_file import read_sources

KEY = "k" * 40
HERE = '[source.icu]\npeers = ["127.0.0.1"]\n'


def site_of(text: str = HERE, **more: Any) -> Site:
    """Return a site by the text of its file of sources."""
    sources = read_sources(text, UTC)
    return Site(sources, KEY, 12, **({"most": 100_000} | more))


SITE_OF_PSEUDONYMS = site_of('[source.icu]\nidentifiers = "pseudonym"\n')


def source(site: Site) -> Source:
    """Return its first source."""
    return site.sources[0]


@contextmanager
def listened(settings: Settings, site: Site, tls: Any = None) -> Iterator[tuple[str, int]]:
    """Listen on a port of the loopback, with a database of the listener's own."""
    app = database_app(settings, serving=True)
    with app.app_context():
        engine = db.engine
        survive_power_cuts(engine)  # before any connection is in the pool
    maintenance.begin(app, settings)
    with listening(("127.0.0.1", 0), site, app, tls) as address:
        yield address
    engine.dispose()


def listen_and_die(settings: Settings, told: Connection) -> None:
    """Listen, say where, and be killed instead of acknowledging: after a commit."""

    def die(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    answers.acknowledgement = die  # type: ignore[attr-defined]
    with listened(settings, site_of()) as (_, port):
        told.send(port)
        signal.pause()


class Gateway:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = FrameBuffer(1_000_000)
        self.answers: list[str] = []

    def send(self, *messages: bytes) -> None:
        """Send messages, each in its frame, in one packet."""
        self.connection.sendall(b"".join(map(framed, messages)))

    def acks(self, count: int) -> list[str]:
        """Return the next acknowledgements, each as its code and control id."""
        self.connection.settimeout(60)
        while len(self.answers) < count:
            data = self.connection.recv(65_536)
            if not data:
                break
            frames = self.buffer.feed(data, 0.0)
            lines = [each.lines[1].split(b"|") for frame in frames for each in messages_of(frame)]
            self.answers += [b" ".join(cells[1:3]).decode().strip() for cells in lines]
        found, self.answers = self.answers[:count], self.answers[count:]
        return found

    def exchange(self, *messages: bytes) -> list[str]:
        """Send messages, and return what they are answered."""
        self.send(*messages)
        return self.acks(len(messages))


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[Gateway]:
    """Connect a gateway within a block."""
    with closing(socket.create_connection(address, 20)) as connection:
        yield Gateway(connection)


def stamp(minutes: float = 0.0) -> str:
    """Return a time some minutes ago, with its offset."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y%m%d%H%M%S+0000")


def live(value: str = "80", minutes: float = 1.0, encounter: str = "900", **given: str) -> bytes:
    """Return a message of now with one heart rate."""
    bed = given.pop("bed", "UCI^^07")
    given.setdefault("patient", "\n".join(patient(encounter, bed)))
    fields = {name: given.pop(name) for name in list(given) if name[1:].isdecimal()}
    own = {"f14": stamp(minutes)} | fields
    return message(obx(HEART_RATE, value, **own), time=given.pop("time", stamp()), **given)
