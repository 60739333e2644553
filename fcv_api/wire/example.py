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
    """Build the answer of `/predict` by the model that is shipped. Its last digits differ by processor."""
    return {
        "idAtencion": ENCOUNTER,
        "inferences": {
            "Arresto_Cardiaco": 0.0005765634123235941,
            "Bajo_Gasto_Cardiaco": 0.0019740802235901356,
            "Sano": 0.9973825812339783,
            "Shock_Cardiogenico": 0.00006684827530989423,
        },
        "State": "Sano",
        "warnings": [
            {
                "code": "unvalidated_model",
                "sign": None,
                "detail": "Model fcv-sim/2.0.0 was never validated on real patients (evidence: unvalidated, trained "
                "on: simulated). Do not act on this score.",
                "detail_es": "El modelo fcv-sim/2.0.0 nunca se validó con pacientes reales (evidencia: unvalidated, "
                "trained on: simulated). No actúe según este puntaje.",
                "figures": {},
            }
        ],
    }


def example_batch() -> dict[str, Any]:
    """Build a body of `/predict/batch`: the rows of `example_request`, and one of an encounter that just began."""
    request = example_request()
    encounter = request.pop("idAtencion")
    rows = list(request["valor"])
    batch = {"idAtencion": dict.fromkeys(rows, encounter)} | request
    first = {"idAtencion": encounter + 1} | {name: cells[rows[0]] for name, cells in request.items()}
    return {name: cells | {str(len(rows)): first[name]} for name, cells in batch.items()}


def example_batch_answer() -> dict[str, Any]:
    """Build the answer of `/predict/batch` by the model that is shipped."""
    error = {
        "type": "/problems/too-few-instants",
        "title": "Too few instants for a window",
        "status": 422,
        "detail": "1 distinct instants were sent and the model reads 20; expected to suffice at 2024-03-03 09:30:00.",
        "request_id": "184e94bb86d040ff981734252ee58bf3",
        "have": 1,
        "need": 20,
        "ready_at": "2024-03-03 09:30:00",
    }
    return {"results": [example_answer(), {"idAtencion": ENCOUNTER + 1, "error": error}], "failed": 1}


def example_csv() -> str:
    """Build the same batch as CSV."""
    batch = example_batch()
    rows = zip(*(column.values() for column in batch.values()), strict=True)
    return "\n".join([",".join(batch), *(",".join(map(str, row)) for row in rows), ""])
