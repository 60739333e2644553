"""Bundles of FHIR R4 for tests, made of the parts that a test is about; and what judges what comes out."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson
from fhir.resources.R4B import get_fhir_model_class

from fcv_api.fhir.reading import Reading, read_bundle
from fcv_api.wire.hl7.source import Source

MDC, LOINC, UCUM = "urn:iso:std:iso:11073:10101", "http://loinc.org", "http://unitsofmeasure.org"
AT = "2026-03-01T10:15:00-05:00"
HEART_RATE = (LOINC, "8867-4")
VISIT = {"identifier": {"system": "urn:oid:1.2.3.4", "value": "990001"}}
SOURCE = Source("icu", UTC)
Resource = dict[str, Any]


def observation(value: float | None = 80, *codings: tuple[str, ...], **given: Any) -> Resource:
    """Return an Observation of the heart rate, or by its codings. given: elements; None takes one away."""
    unit = given.pop("unit", "/min")
    made: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [dict(zip(("system", "code", "display"), each, strict=False)) for each in codings or [HEART_RATE]]
        },
        "encounter": VISIT,
        "effectiveDateTime": AT,
        "valueQuantity": {"value": value, "system": UCUM} | ({"code": unit} if unit else {}),
    }
    return {name: element for name, element in (made | given).items() if element is not None}


def bundle(*resources: Any, kind: str = "batch", **given: Any) -> Resource:
    """Return a Bundle of resources."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": each} for each in resources]} | given


def reading(*resources: Any, source: Source = SOURCE, **given: Any) -> Reading:
    """Return what a Bundle of resources gives."""
    return read_bundle(orjson.dumps(bundle(*resources, **given)), source)


def reasons(*resources: Any, source: Source = SOURCE) -> list[str]:
    """Return why what is no row is none."""
    return [each.reason.value for each in reading(*resources, source=source).dropped]


def judged(resource: Resource) -> Resource:
    """Return a resource once `fhir.resources` has accepted it, and each one within it."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource
