"""`/beds`' answer: what is known of each bed, and what keeps it from being scored."""

from __future__ import annotations

from typing import Any, Protocol

import orjson
from marshmallow import Schema, fields

from fcv_api.domain.alerting import Alert
from fcv_api.domain.instants import utc
from fcv_api.domain.prediction import State
from fcv_api.wire.alerts import alert_as_wire
from fcv_api.wire.answer import ALERT, STATE_NAMES, AlertSchema, InferencesSchema, WarningSchema
from fcv_api.wire.records import inferences

STATUSES = ("scored", "not_scored", "silent", "no_patient", "closed")
OF_NO_TURN = ("not-scored-yet", "corrected")
OF_A_TURN = ("too-few-instants", "missing-signs", "window-span", "model-output", "identity-conflict", "silent")
REASONS = (*OF_NO_TURN, *OF_A_TURN)
"""Why a bed is `not_scored`: there are no others."""


class Turn(Protocol):
    """What was recorded of a stay's last turn. probabilities, warnings: JSON."""

    @property
    def slot(self) -> int: ...

    @property
    def id(self) -> str: ...

    @property
    def problem(self) -> str | None: ...

    @property
    def state(self) -> str | None: ...

    @property
    def probabilities(self) -> str | None: ...

    @property
    def warnings(self) -> str | None: ...


class Bed(Protocol):
    """A bed, as `feed.beds` knows it. Times are in microseconds, UTC."""

    @property
    def encounter(self) -> int | None: ...

    @property
    def source(self) -> str: ...

    @property
    def bed(self) -> str | None: ...

    @property
    def status(self) -> str: ...

    @property
    def reason(self) -> str | None: ...

    @property
    def since(self) -> int: ...

    @property
    def newest(self) -> int: ...

    @property
    def turn(self) -> Turn | None: ...

    @property
    def alert(self) -> Alert | None: ...


class LastScoreSchema(Schema):
    """The last score of a stay."""

    id = fields.String(required=True, metadata={"description": "Of its record."})
    slot = fields.String(required=True, metadata={"description": "The end of the slot that it is of."})
    age_seconds = fields.Integer(required=True)
    State = fields.String(required=True, metadata={"description": "*Sano* means none of the three, not healthy."})
    inferences = fields.Nested(InferencesSchema, required=True)
    warnings = fields.List(fields.Nested(WarningSchema), required=True)


class BedRefusalSchema(Schema):
    """Why a stay was not scored."""

    type = fields.String(required=True)
    at = fields.String(required=True)


class BedSchema(Schema):
    """One bed. All times are in UTC."""

    encounter = fields.String(
        required=True, allow_none=True, metadata={"description": "As text: 63 bits are no number of JavaScript's."}
    )
    source = fields.String(required=True)
    bed = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Of `not_scored`.", "enum": [*REASONS, None]}
    )
    since = fields.String(required=True, metadata={"description": "When this status began."})
    newest = fields.String(required=True, metadata={"description": "The time of the newest observation."})
    last = fields.Nested(LastScoreSchema, required=True, allow_none=True)
    refusal = fields.Nested(BedRefusalSchema, required=True, allow_none=True)
    alert = fields.Nested(AlertSchema, metadata=ALERT)


class BedsSchema(Schema):
    """Open stays, beds without a named patient, and stays that were closed in the last 12 hours."""

    beds = fields.List(fields.Nested(BedSchema), required=True)


def bed_as_wire(bed: Bed, now: int) -> dict[str, Any]:
    """Return a bed as it is answered. A score is shown only where the bed is scored: never beside a conflict."""
    turn = bed.turn
    refused = turn is not None and turn.problem is not None
    shown = {
        "encounter": None if bed.encounter is None else str(bed.encounter),
        "source": bed.source,
        "bed": bed.bed,
        "status": str(bed.status),
        "reason": bed.reason,
        "since": utc(bed.since),
        "newest": utc(bed.newest),
        "last": _last(turn, now) if turn and bed.status == "scored" else None,
        "refusal": {"type": f"/problems/{turn.problem}", "at": utc(turn.slot)} if turn and refused else None,
    }
    return shown | {"alert": alert_as_wire(bed.alert)} if bed.alert else shown


def _last(turn: Turn, now: int) -> dict[str, Any]:
    return {
        "id": turn.id,
        "slot": utc(turn.slot),
        "age_seconds": max(0, (now - turn.slot) // 1_000_000),
        "State": STATE_NAMES[State(turn.state)],
        "inferences": inferences(orjson.loads(turn.probabilities or "{}")),
        "warnings": orjson.loads(turn.warnings or "[]"),
    }


def example_beds() -> dict[str, Any]:
    """Build an answer: a bed that waits for its first score, and one that names no patient."""
    waiting = {
        "encounter": "5501",
        "source": "api:integration",
        "bed": "UCI-04",
        "status": "not_scored",
        "reason": "not-scored-yet",
        "since": "2024-03-03T14:29:41.000000Z",
        "newest": "2024-03-03T14:29:45.000000Z",
        "last": None,
        "refusal": None,
    }
    return {"beds": [waiting, waiting | {"encounter": None, "bed": "UCI-05", "status": "no_patient", "reason": None}]}
