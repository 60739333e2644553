"""Observations as a client of `/observations` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcv_api.domain.instants import utc
from fcv_api.domain.observations import Posted


def body_of(posted: Sequence[Posted]) -> dict[str, Any]:
    """Return a body of `/observations`, by columns. Its rows are called 0, 1 and so on, in the order of what is given.

    Times are written in UTC with a Z.
    """
    rows = [(each.encounter, *said.key, said) for each in posted for said in each.observations]
    columns: dict[str, list[Any]] = {
        "idAtencion": [row[0] for row in rows],
        "idSigno": [row[1] for row in rows],
        "nomSigno": [row[4] for row in rows],
        "valor": [row[5].value for row in rows],
        "unidad": [row[5].unit or None for row in rows],
        "fecRegistro": [utc(row[2]) for row in rows],
        "cama": [row[5].bed or None for row in rows],
        "canal": [row[3] or None for row in rows],
        "estado": [row[5].status for row in rows],
    }
    return {name: {str(at): cell for at, cell in enumerate(cells)} for name, cells in columns.items()}
