"""A problem of the service as an OperationOutcome: whatever goes wrong under `/fhir` is answered so."""

from __future__ import annotations

from typing import Any

from fcv_api.fhir.outcome import OFFERED

ROOT, SYSTEM = "/fhir", "urn:fcv:problem"
CODES = {
    "not-json": "invalid",
    "not-authenticated": "login",
    "not-allowed": "forbidden",
    "not-found": "not-found",
    "method-not-allowed": "not-supported",
    "not-acceptable": "not-supported",
    "unsupported-media-type": "not-supported",
    "unsupported-encoding": "not-supported",
    "too-large": "too-long",
    "invalid-body": "structure",
    "invalid-query": "invalid",
    "table-too-large": "too-costly",
    "too-many-encounters": "too-costly",
    "too-many-large-bodies": "throttled",
    "feed-off": "not-supported",
    "waited-too-long": "timeout",
    "database-unavailable": "transient",
    "internal-error": "exception",
}
"""FHIR's issue type of each problem; `processing` of all others."""
ELSEWHERE = ("not-found", "method-not-allowed")


def is_under_fhir(path: str) -> bool:
    """Return whether a path is of this room's door, whatever is there."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def outcome_of(slug: str, problem: dict[str, Any]) -> dict[str, Any]:
    """Return a problem as an OperationOutcome. problem: its body, by the members of RFC 9457."""
    words = f"{problem['detail']} {OFFERED}" if slug in ELSEWHERE else problem["detail"]
    details = {"coding": [{"system": SYSTEM, "code": slug}], "text": problem["title"]}
    issue = {"severity": "error", "code": CODES.get(slug, "processing"), "details": details, "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
