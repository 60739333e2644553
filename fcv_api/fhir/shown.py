"""What one Bundle alone would give, as `fcv hl7 read` shows it of a message."""

from __future__ import annotations

from typing import Any

from fcv_api.fhir.reading import Reading, WrongBundle, read_bundle
from fcv_api.wire.hl7.observation import Row
from fcv_api.wire.hl7.patients import Identifier
from fcv_api.wire.hl7.reasons import Drop as Hidden
from fcv_api.wire.hl7.shown import chosen, row_as_wire, row_of
from fcv_api.wire.hl7.source import Source

ENTRY = "entry"
STATUSES = {"not-json": 400}


def as_wire(body: bytes, source: Source) -> dict[str, Any]:
    """Return a Bundle as `fcv fhir read --json` prints it. ack: as HL7 v2 says whether it is taken."""
    try:
        reading = read_bundle(body, source)
    except WrongBundle as error:
        status = STATUSES.get(error.code, 422)
        return {"ack": "AR", "http": status, "rows": [], "dropped": [{"where": "Bundle", "reason": error.code}]}
    rows, dropped = _shown(reading)
    return {"ack": "AA", "http": 200, "rows": rows, "dropped": dropped}


def _shown(reading: Reading) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the rows in the Bundle's order, and what is dropped, what a window would not read among it."""
    by_patient: dict[Identifier, list[Row]] = {}
    beds = {}
    for visit, row in reading.rows:
        by_patient.setdefault(visit.identifier, []).append(row)
        beds[visit.identifier, row.observation.key] = visit.bed
    rows, hidden = [], list[Hidden]()
    for patient, own in by_patient.items():
        for key, statement in chosen(own, hidden, ENTRY):
            rows.append(row_as_wire(row_of(patient.value, beds.get((patient, key), "") or None, key, statement)))
    dropped = [{"where": f"{ENTRY} {each.number}", "reason": each.reason.value} for each in reading.dropped]
    return rows, dropped + [{"where": each.where, "reason": each.reason.value} for each in hidden]
