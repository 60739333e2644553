"""Frames read, stored in one transaction, and answered: the work of the storing thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import time_ns

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from fcv_api.feed import sources, store
from fcv_api.feed.store import Delivery
from fcv_api.mllp.delivery import counts_of, delivery_of
from fcv_api.mllp.site import Site
from fcv_api.wire.hl7.acknowledgement import acknowledgement
from fcv_api.wire.hl7.frames import framed
from fcv_api.wire.hl7.reading import Ack, Reading, read, refused
from fcv_api.wire.hl7.reasons import Drop, Reason
from fcv_api.wire.hl7.segments import header_of, is_envelope, messages_of
from fcv_api.wire.hl7.source import Source

UNLISTED = "hl7:unlisted"
"""What is counted of peers that are no source: no source's name has a colon."""
BY_BYTES = {Reason.UNREADABLE, Reason.NO_HEADER}
log = logging.getLogger("fcv_api")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frame, or a portion of a large one, that waits to be stored.

    answer: takes the bytes of its acknowledgements, from the storing thread.
    """

    content: bytes
    source: Source | None
    answer: Callable[[bytes], None]

    @property
    def label(self) -> str:
        """Return by which name its source is counted."""
        return self.source.label if self.source else UNLISTED


@dataclass(slots=True)
class _Item:
    """One message of a frame. digest: of its bytes."""

    frame: int
    source: Source | None
    reading: Reading
    delivery: Delivery | None
    digest: str


def answered(batch: Sequence[Waiting], site: Site) -> list[bytes]:
    """Read and store frames, and return the acknowledgements of each. Within the app's context."""
    now = time_ns() // 1000
    items = [item for number, waiting in enumerate(batch) for item in _items(number, waiting, site, now)]
    _store(items)
    answers = [b""] * len(batch)
    for item in items:
        label = batch[item.frame].label
        sources.counted().count(label, counts_of(item.reading, now))
        if any(each.reason in BY_BYTES for each in item.reading.dropped):
            log.error("hl7: %s: a message could not be read; its sha256 is %s", label, item.digest)
        accept = item.source.accept if item.source else False
        answers[item.frame] += framed(acknowledgement(item.reading.header, item.reading.ack, now, accept=accept))
    return answers


def _items(number: int, waiting: Waiting, site: Site, now: int) -> list[_Item]:
    """Return the messages of a frame, read. A frame without any is one that is rejected, unless it is an envelope."""
    source, found = waiting.source, []
    for message in messages_of(waiting.content):
        digest = sha256(message.content()).hexdigest()
        if source is None:
            found.append(_Item(number, None, refused(header_of(message), Reason.UNLISTED), None, digest))
            continue
        reading = read(message, source, allow_test=site.allow_test)
        found.append(_Item(number, source, reading, delivery_of(reading, source, site, now), digest))
    if not found and not is_envelope(waiting.content):
        digest = sha256(waiting.content).hexdigest()
        found.append(_Item(number, source, refused(None, Reason.NO_HEADER), None, digest))
    return found


def _store(items: Sequence[_Item]) -> None:
    """Store messages in one transaction. Where the database is away, none is accepted; a poison message fails alone."""
    own = [item for item in items if item.delivery is not None]
    if not own:
        return
    try:
        store.store_all([item.delivery for item in own if item.delivery])
    except (DataError, IntegrityError) as error:
        _store_alone(own, error)
    except (SQLAlchemyError, OSError) as error:
        log.error("hl7: nothing can be stored: %s", type(error).__name__)  # noqa: TRY400 - its text may quote a row
        for item in own:
            if item.delivery and item.delivery.says_something:
                item.reading = replace(item.reading, ack=Ack.ERROR)
    except Exception as error:  # noqa: BLE001 - one message of them, whatever it holds, must not stop the others
        _store_alone(own, error)


def _store_alone(items: Sequence[_Item], error: Exception) -> None:
    """Store each message by itself. One that fails alone lies in its bytes: it is acknowledged, and counted."""
    if len(items) > 1:
        for item in items:
            _store([item])
        return
    log.error("hl7: a message could not be stored: %s", type(error).__name__)
    items[0].reading = replace(items[0].reading, groups=(), dropped=[Drop("message", Reason.UNREADABLE)])
