"""Bodies and tables, read as the doors read them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import orjson

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.json_body import read_json

BOGOTA = ZoneInfo("America/Bogota")
Body = dict[str, Any]


def read(body: Body, zone: Any = BOGOTA) -> Encounter:
    """Read a body of `/predict`. Raises why it cannot be."""
    outcome = EncounterSchema().load(read_json(orjson.dumps(body))).read(zone)
    if isinstance(outcome, Refusal):
        raise outcome.reason
    encounter: Encounter = outcome
    return encounter


def said(outcome: Encounter | Refusal) -> list[Any]:
    """Return all that an outcome says, to the last bit: -0.0 is not 0.0."""
    if isinstance(outcome, Refusal):
        return [outcome.encounter, type(outcome.reason), str(outcome.reason)]
    arrays = [outcome.signs, outcome.values, outcome.instants]
    others = [outcome.id, outcome.zone, str(outcome.newest), outcome.unknown_units, outcome.implausible]
    return [*others, *(each.tobytes() for each in arrays)]
