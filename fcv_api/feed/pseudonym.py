"""Pseudonyms: what a real identifier becomes before it reaches the database or a log."""

from __future__ import annotations

import hmac
from typing import NamedTuple

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
