"""OperationOutcome: what came of something, as FHIR R4 says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fcv_api.fhir.reasons import ERROR, INFORMATION, WORDS, Drop

REASONS = "urn:fcv:reason"
OFFERED = (
    "What there is under /fhir: POST /fhir with a Bundle of Observations, GET /fhir/metadata, and "
    "GET /fhir/RiskAssessment?encounter=SYSTEM|VALUE or =NUMBER."
)


def outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an OperationOutcome; with one issue that all is well, where there is none."""
    listed = [*issues] or [issue(INFORMATION, "informational", "All observations were taken.")]
    return {"resourceType": "OperationOutcome", "issue": listed}


def issue(severity: str, code: str, words: str) -> dict[str, Any]:
    """Return an issue. words: a sentence that quotes nothing of a patient's."""
    return {"severity": severity, "code": code, "diagnostics": words}


def issue_of(drop: Drop) -> dict[str, Any]:
    """Return the issue of an entry of a Bundle, with the path to what is wrong."""
    said = WORDS[drop.reason]
    element = f"resource.{said.element}".rstrip(".") if said.element or not drop.path else ""
    path = f"Bundle.entry[{drop.number - 1}].{drop.path or element}".rstrip(".")
    coding = {"system": REASONS, "code": drop.reason.value}
    details = {"coding": [coding], "text": said.words}
    return {"severity": said.severity, "code": said.code, "details": details, "expression": [path]}


def is_error(drop: Drop) -> bool:
    """Return whether an entry is wrong, and not only one that holds no observation."""
    return WORDS[drop.reason].severity == ERROR
