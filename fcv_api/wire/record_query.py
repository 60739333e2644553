"""What a client may ask of the record."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import OneOf, Range, Regexp

from fcv_api.wire.answer import STATE_NAMES

LARGEST_NUMBER = 2**63 - 1  # what a database holds
MODEL = r"[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)?"
YEARS = range(1970, 2200)  # the calendar's ends would overflow in another zone
STATES_BY_NAME = {name: state for state, name in STATE_NAMES.items()}


class Cursor(fields.Field[int]):
    """Where a page ended. Opaque to clients."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:  # noqa: ANN401
        return None if value is None else urlsafe_b64encode(b"%d" % value).decode().rstrip("=")

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:  # noqa: ANN401
        try:
            position = int(urlsafe_b64decode(str(value) + "=="))
        except ValueError:
            position = -1
        if position not in range(LARGEST_NUMBER):
            raise ValidationError("is not the `next` of an answer")
        return position


def _check_year(moment: datetime) -> None:
    if moment.year not in YEARS:
        raise ValidationError(f"must lie in the years {YEARS.start} to {YEARS.stop - 1}")


class RecordsQuerySchema(Schema):
    """Which records."""

    idAtencion = fields.Integer(  # noqa: N815
        validate=Range(0, LARGEST_NUMBER), metadata={"description": "Of this encounter."}
    )
    State = fields.String(validate=OneOf(list(STATES_BY_NAME)), metadata={"description": "Scored so."})
    model = fields.String(
        validate=Regexp(rf"{MODEL}\Z"),  # JavaScript, whose patterns OpenAPI has, knows no `\Z`
        metadata={"description": "By this model: `name` or `name/version`.", "pattern": f"^{MODEL}$"},
    )
    since = fields.DateTime(
        validate=_check_year,
        metadata={
            "description": "Recorded then or later. Without an offset: in the ward's zone. "
            f"From {YEARS.start} to {YEARS.stop - 1}."
        },
    )
    until = fields.DateTime(
        validate=_check_year,
        metadata={"description": f"Recorded before then. From {YEARS.start} to {YEARS.stop - 1}."},
    )
    latest = fields.Boolean(
        load_default=False, metadata={"description": "Each encounter's last score, its age and its last refusal."}
    )
    test = fields.Boolean(load_default=False, metadata={"description": "Those of test systems' beds too."})
    limit = fields.Integer(load_default=100, validate=Range(1, 1000), metadata={"description": "Of one page."})
    cursor = Cursor(metadata={"type": "string", "description": "The `next` of the page before."})
