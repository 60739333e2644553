"""`/predict`'s request: the rows of one encounter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from marshmallow import EXCLUDE, Schema, post_load

from fcv_api.domain.encounter import Encounter
from fcv_api.wire.columns import Column, by_row
from fcv_api.wire.encounter_id import ID_SCHEMA, EncounterId
from fcv_api.wire.rows import Rows
from fcv_api.wire.vital_rows import VitalRows

# A column's name on the wire, and its name here.
COLUMNS = {
    "nomSigno": "names",
    "valor": "values",
    "fecRegistro": "times",
    "idSigno": "codes",
    "unidad": "units",
    "idUnidad": "unit_codes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterRows(VitalRows):
    """The rows of one encounter."""

    id: int

    def read(self, zone: tzinfo) -> Encounter:
        """Read them. Raises one of `BadCells`. zone: the wall clock of times without an offset."""
        return self.measurements(zone).of(self.id, zone)


def by_our_names(columns: Mapping[str, Rows]) -> dict[str, Rows]:
    """Give the columns that `VitalRows` holds by their names there."""
    return {ours: columns[name] for name, ours in COLUMNS.items() if name in columns}


class VitalsSchema(Schema):
    """Vital signs by columns, as `DataFrame.to_dict()` writes them."""

    class Meta:
        """Real exports carry more columns; they are not ours to refuse."""

        unknown = EXCLUDE

    idSigno = Column(  # noqa: N815
        {"type": "integer", "nullable": True}, "IEEE 11073-10101 codes.", allow_none=True
    )
    nomSigno = Column({"type": "string"}, "IEEE 11073 reference ids.", required=True)  # noqa: N815
    valor = Column({"type": "number", "nullable": True}, "Measured values, in the sign's own unit.", required=True)
    fecRegistro = Column(  # noqa: N815
        {"type": "string", "example": "2024-03-03 09:32:41"}, "When each was measured.", required=True
    )

    unidad = Column(
        {"type": "string", "nullable": True, "example": "MDC_DIM_DEGC"}, "Units, by MDC, UCUM or code.", allow_none=True
    )
    idUnidad = Column(  # noqa: N815
        {"type": "integer", "nullable": True}, "Units' codes, read where `unidad` names none.", allow_none=True
    )


class EncounterSchema(VitalsSchema):
    """One encounter's vital signs, by columns, as `DataFrame.to_dict()` writes them."""

    idAtencion = EncounterId(  # noqa: N815
        required=True,
        metadata={
            "oneOf": [*ID_SCHEMA["oneOf"], *Column.schemas(ID_SCHEMA)],
            "description": "The encounter's pseudonym; or a column of it, the same in each row.",
        },
    )

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> EncounterRows:  # noqa: ANN401
        number = data["idAtencion"]  # it stays, so that a refusal knows whose the rows are
        columns = by_row({name: cells for name, cells in data.items() if name in COLUMNS and cells is not None})
        return EncounterRows(id=number, **by_our_names(columns))
