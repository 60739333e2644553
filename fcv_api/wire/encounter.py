"""`/predict`'s request: the rows of one encounter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from marshmallow import EXCLUDE, Schema, post_load

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.columns import ID_SCHEMA, ColumnField, EncounterId
from fcv_api.wire.encounters import EncounterIndex, read_encounters
from fcv_api.wire.table import Column, Table, table_of

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


class VitalsSchema(Schema):
    """Vital signs by columns, as `DataFrame.to_dict()` writes them."""

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
