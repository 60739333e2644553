"""`/predict/batch`'s request: rows of many encounters, each read as if it had come alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from marshmallow import post_load

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.encounter import ID_SCHEMA, ColumnField, VitalsSchema, vitals_of
from fcv_api.wire.encounters import read_encounters, read_owners
from fcv_api.wire.table import Distinct, KeyedColumn, Table, keyed_column, table_of


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Rows of many encounters, not read yet. ids: `idAtencion`, in the order in which it was sent."""

    table: Table
    ids: Distinct[Any]

    def read(self, zone: tzinfo) -> list[Encounter | Refusal]:
        """Read each encounter, or say why not, in the order in which they first appear in `idAtencion`.

        zone: the wall clock of times without an offset. Raises InvalidRows when nobody could say whose a row is.
        """
        return read_encounters(self.table, read_owners(self.table, self.ids), zone)


class BatchSchema(VitalsSchema):
    """Vital signs of many encounters, by columns, as `DataFrame.to_dict()` writes them."""

    idAtencion = ColumnField(ID_SCHEMA, "Whose each row is: a pseudonym.", required=True)  # noqa: N815

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> BatchRows:  # noqa: ANN401
        ids = data["idAtencion"]
        if not isinstance(ids, list | KeyedColumn):
            ids = keyed_column("idAtencion", ids)
        sent = Distinct.of(ids) if isinstance(ids, list) else ids.cells
        return BatchRows(table_of(vitals_of(data) | {"idAtencion": ids}), sent)
