"""Whose rows they are: `idAtencion`, the hospital's pseudonym of one stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from fcv_api.domain.errors import SeveralEncounters
from fcv_api.wire.columns import whole_number
from fcv_api.wire.rows import cells_of

LARGEST_ID = 2**63 - 1  # what a database's BIGINT holds
ID_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "integer", "format": "int64", "minimum": 0, "maximum": LARGEST_ID},
        {"type": "string", "pattern": r"^[+]?\d{1,19}(\.0+)?$", "description": "As text, as some exports write it."},
    ]
}
NO_ID = "must be one whole number from 0 to 2**63 - 1"


def encounter_id(cell: object) -> int | None:
    """Read a whole number from 0 to 2**63 - 1, also as text or as 5.0; None for anything else, 5.9 among it."""
    number = whole_number(cell)
    return number if number is not None and 0 <= number <= LARGEST_ID else None


class EncounterId(fields.Field[int]):
    """One encounter's id, also as a column of nothing else. Raises SeveralEncounters for a column of more."""

    default_error_messages = {"invalid": NO_ID}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ANN401, ARG002
        cells = cells_of(value) if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
        found = set(map(encounter_id, cells))
        numbers = [number for number in found if number is not None]
        if len(numbers) < len(found) or not numbers:
            raise self.make_error("invalid")
        if len(numbers) > 1:
            raise SeveralEncounters(tuple(sorted(numbers)))
        return numbers[0]
