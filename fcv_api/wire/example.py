"""A request that works, for the documents and for `examples/`: 20 instants of made-up vital signs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fcv_api.domain.vitals import SIGNS

LAST = datetime(2024, 3, 3, 9, 30)  # noqa: DTZ001 - as sent: a wall clock without an offset
INSTANTS, STEP = 20, timedelta(minutes=5)
# (value at the first instant, change per instant), by the order of `vitals.SIGNS`: a slow recovery from a fever.
COURSES = (
    (1.10, 0.02),
    (104.0, -1.0),
    (2.0, 0.0),
    (171.0, 0.0),
    (68.0, 0.0),
    (103.0, -1.0),
    (94.0, 0.2),
    (38.4, -0.05),
    (22.0, -0.25),
)
ENCOUNTER = 5501


def example_request() -> dict[str, Any]:
    """Build a body of `/predict` as `DataFrame.to_dict()` would write it: 180 rows."""
    rows = [
        (sign.code, sign.name, round(start + step * change, 2), LAST - (INSTANTS - 1 - step) * STEP)
        for step in range(INSTANTS)
        for sign, (start, change) in zip(SIGNS, COURSES, strict=True)
    ]
    codes, names, values, times = zip(*rows, strict=True)
    columns = {"idSigno": codes, "nomSigno": names, "valor": values, "fecRegistro": map(str, times)}
    return {"idAtencion": ENCOUNTER} | {
        name: {str(row): cell for row, cell in enumerate(cells)} for name, cells in columns.items()
    }


def example_answer() -> dict[str, Any]:
    """Build an answer of `/predict`: the shape, not this request's numbers."""
    return {
        "idAtencion": ENCOUNTER,
        "inferences": {
            "Arresto_Cardiaco": 0.08,
            "Bajo_Gasto_Cardiaco": 0.11,
            "Sano": 0.76,
            "Shock_Cardiogenico": 0.05,
        },
        "State": "Sano",
    }
