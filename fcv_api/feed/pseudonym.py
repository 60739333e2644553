"""Pseudonyms: what a real identifier becomes before it reaches the database or a log."""

from __future__ import annotations

import hmac
from typing import NamedTuple, Protocol

import orjson

BITS = 63
"""What a BIGINT holds without its sign."""


class Identifier(NamedTuple):
    """A number as a source names a patient or a visit. kind: its type, such as VN or MR. authority: who gave it."""

    source: str
    kind: str
    authority: str
    value: str


def encounter_of(identifier: Identifier, key: str) -> int:
    """Return the encounter of an identifier, from 0 to 2**63 - 1: an HMAC-SHA256 under the site's key.

    The parts are hashed as JSON, so that no two identifiers are one text.
    """
    digest = hmac.digest(key.encode(), orjson.dumps(list(identifier)), "sha256")
    return int.from_bytes(digest[:8]) >> (64 - BITS)


class Sent(Protocol):
    """An identifier as a message or a Bundle names it. number: as an encounter's; None for what cannot be one."""

    @property
    def kind(self) -> str: ...

    @property
    def authority(self) -> str: ...

    @property
    def value(self) -> str: ...

    @property
    def number(self) -> int | None: ...


class Sender(Protocol):
    """Who sent it. label: its name in the memory of beds. pseudonyms: whether it sends those instead of identifiers."""

    @property
    def label(self) -> str: ...

    @property
    def pseudonyms(self) -> bool: ...

    @property
    def test(self) -> bool: ...


def encounter_sent(identifier: Sent, source: Sender, key: str) -> int:
    """Return the encounter of an identifier that a source sent: hashed, unless the source sends pseudonyms.

    Those of a test source are hashed always, with the mark in its name: no number of it is a real stay's, before or
    after it goes live.
    """
    if source.pseudonyms and identifier.number is not None and not source.test:
        return identifier.number
    return encounter_of(Identifier(source.label, identifier.kind, identifier.authority, identifier.value), key)
