"""A Bundle for the documents: two observations that are taken, and one without an offset."""

from __future__ import annotations

from typing import Any

from fcv_api.fhir.signs import LOINC_SYSTEMS, MDC_SYSTEMS

UCUM = "http://unitsofmeasure.org"
VISIT = {"identifier": {"system": "urn:oid:2.999.1", "value": "V-1001"}}


def example_bundle() -> dict[str, Any]:
    """Build a batch of three Observations of one visit."""
    rows = (
        ([(MDC_SYSTEMS[0], "147842"), (LOINC_SYSTEMS[0], "8867-4")], 84, "/min", "2024-03-03T09:29:41-05:00"),
        ([(LOINC_SYSTEMS[0], "59408-5")], 97, "%", "2024-03-03T09:29:43-05:00"),
        ([(LOINC_SYSTEMS[0], "8310-5")], 36.9, "Cel", "2024-03-03T09:29:45"),
    )
    return {"resourceType": "Bundle", "type": "batch", "entry": [_entry(*row) for row in rows]}


def _entry(codings: list[tuple[str, str]], value: float, unit: str, at: str) -> dict[str, Any]:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code} for system, code in codings]},
        "encounter": VISIT,
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }
    return {"resource": observation, "request": {"method": "POST", "url": "Observation"}}
