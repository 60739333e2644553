"""`/predict`'s request: the rows of one encounter, and how marshmallow checks a column and an encounter's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

from fcv_api.domain.bad_cells import Cell, InvalidBody
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import SeveralEncounters
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.cells import LARGEST_ID, NO_ID, Reason, encounter_id
from fcv_api.wire.encounters import EncounterIndex, read_encounters
from fcv_api.wire.table import Column, Distinct, KeyedColumn, Table, table_of

COLUMNS = ("nomSigno", "valor", "fecRegistro", "idSigno", "unidad", "idUnidad")


@dataclass(frozen=True, slots=True)
class EncounterRows:
    """The rows of one encounter, not read yet."""

    id: int
    table: Table

    def read(self, zone: tzinfo) -> Encounter | Refusal:
        """Read them, or say why not. zone: the wall clock of times without an offset."""
        return read_encounters(self.table, EncounterIndex.of_one(self.id, len(self.table)), zone)[0]


def vitals_of(data: Mapping[str, Column | None]) -> dict[str, Column]:
    """Return the columns that came, of those that are read."""
    return {name: cells for name in COLUMNS if (cells := data.get(name)) is not None}


ID_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "integer", "format": "int64", "minimum": 0, "maximum": LARGEST_ID},
        {"type": "string", "pattern": r"^[+]?\d{1,19}(\.0+)?$", "description": "As text, as some exports write it."},
    ]
}


class ColumnField(fields.Field[Column]):
    """One column: an object of row keys and cells, as `DataFrame.to_dict()` writes, or a plain list.

    A malformed cell of a sign that no model reads must refuse nobody, so no cell is looked at here.
    """

    def __init__(self, cell: dict[str, Any] | None = None, description: str = "", **kwargs: Any) -> None:  # noqa: ANN401
        """cell: the OpenAPI schema of one cell."""
        super().__init__(metadata={"oneOf": self.schemas(cell or {}), "description": description}, **kwargs)

    @staticmethod
    def schemas(cell: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the OpenAPI schemas of a column: by row key, and as a list."""
        return [{"type": "object", "additionalProperties": cell}, {"type": "array", "items": cell}]

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "invalid": "must be an object of row keys and cells, or a list of cells"
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Column:  # noqa: ANN401, ARG002
        if isinstance(value, KeyedColumn | Mapping | list):
            return value
        raise self.make_error("invalid")


class EncounterId(fields.Field[int]):
    """One encounter's id, also as a column of nothing else. Raises SeveralEncounters for a column of more."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ANN401, ARG002
        found = set(_ids(value)) or {None}
        for wrong in found:
            if not isinstance(wrong, int):
                raise ValidationError(wrong or NO_ID)
        numbers = sorted(each for each in found if isinstance(each, int))
        if len(numbers) > 1:
            raise SeveralEncounters(tuple(numbers))
        return numbers[0]


def encounters_of(ids: object) -> tuple[int, ...]:
    """Return the encounters that `idAtencion` names, each once: an id, or a column of them."""
    return tuple(dict.fromkeys(each for each in _ids(ids) if isinstance(each, int)))


def _ids(ids: object) -> list[int | Reason | None]:
    """Read each distinct cell of `idAtencion`, in whatever form it came."""
    if isinstance(ids, KeyedColumn):
        ids = ids.cells
    if isinstance(ids, Distinct):
        return ids.map(encounter_id).values
    cells = list(ids.values()) if isinstance(ids, Mapping) else ids if isinstance(ids, list) else [ids]
    return Distinct.of(cells).map(encounter_id).values


def invalid_body(messages: Any) -> InvalidBody:  # noqa: ANN401 - marshmallow's lists and objects
    """Return the refusal for what a schema found, from its messages."""
    by_field = messages if isinstance(messages, dict) else {"_schema": messages}
    cells = [
        Cell("body" if name == "_schema" else str(name), None, str(reason))
        for name, reasons in by_field.items()
        for reason in (reasons if isinstance(reasons, list) else [reasons])
    ]
    return InvalidBody.of(cells, len(cells))


class VitalsSchema(Schema):
    """Vital signs by columns, as `DataFrame.to_dict()` writes them."""

    columns: ClassVar[tuple[str, ...]] = ("idAtencion", *COLUMNS)
    """Those that are read of a body."""

    class Meta:
        """Real exports carry more columns; they are not ours to refuse."""

        unknown = EXCLUDE

    idSigno = ColumnField(  # noqa: N815
        {"type": "integer", "nullable": True}, "IEEE 11073-10101 codes.", allow_none=True
    )
    nomSigno = ColumnField({"type": "string"}, "IEEE 11073 reference ids.", required=True)  # noqa: N815
    valor = ColumnField({"type": "number", "nullable": True}, "Measured values, in the sign's own unit.", required=True)
    fecRegistro = ColumnField(  # noqa: N815
        {"type": "string", "example": "2024-03-03 09:32:41"}, "When each was measured.", required=True
    )

    unidad = ColumnField(
        {"type": "string", "nullable": True, "example": "MDC_DIM_DEGC"}, "Units, by MDC, UCUM or code.", allow_none=True
    )
    idUnidad = ColumnField(  # noqa: N815
        {"type": "integer", "nullable": True}, "Units' codes, read where `unidad` names none.", allow_none=True
    )


class EncounterSchema(VitalsSchema):
    """One encounter's vital signs, by columns, as `DataFrame.to_dict()` writes them."""

    idAtencion = EncounterId(  # noqa: N815
        required=True,
        metadata={
            "oneOf": [*ID_SCHEMA["oneOf"], *ColumnField.schemas(ID_SCHEMA)],
            "description": "The encounter's pseudonym; or a column of it, the same in each row.",
        },
    )

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> EncounterRows:  # noqa: ANN401
        return EncounterRows(data["idAtencion"], table_of(vitals_of(data)))  # the id stays, for a refusal of the rest
