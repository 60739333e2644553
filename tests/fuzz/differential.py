"""Spoilt bodies of few rows, read by the service's reader and by a plain one: they say the same, to the last bit."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from marshmallow import Schema, ValidationError
from mutation import mutate, seeds
from plain_reader import read_plainly
from reading import BOGOTA, said

from fcv_api.domain.errors import Unscorable
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.json_body import read_json
from fcv_api.wire.json_faults import NotJson

LARGEST = 8_000
"""Bytes: about 50 rows."""
SCHEMAS: dict[int, Schema] = {0: EncounterSchema(), 1: BatchSchema()}
"""By the first byte of a body of the corpus. The third kind is CSV, which has one reader."""


def outcome(read: Any, data: bytes) -> list[Any]:
    """Return what a body comes to: encounters and refusals, or the words of its own refusal."""
    schema = SCHEMAS[data[0] % 2]
    try:
        found = schema.load(read(data[1:])).read(BOGOTA)
    except (Unscorable, ValidationError, NotJson) as reason:
        return [type(reason).__name__, str(reason)]
    return [said(each) for each in (found if isinstance(found, list) else [found])]


def compare(bodies: int, seed: int) -> Counter[str]:
    """Read so many spoilt bodies in both ways. Raises AssertionError for the first that is read otherwise."""
    dice, kinds = Random(seed), Counter[str]()
    working = [body for body in seeds() if body[0] in SCHEMAS and len(body) < LARGEST]
    while kinds.total() < bodies:
        data = mutate(dice.choice(working), dice.choice(working), dice)[:LARGEST]
        if not data or data[0] not in SCHEMAS:
            continue
        found = outcome(read_json, data)
        assert found == outcome(read_plainly, data), data
        kinds[found[0] if found and isinstance(found[0], str) else "read"] += 1
        if not (found and isinstance(found[0], str)) and len(working) < 500:
            working.append(data)
    return kinds
