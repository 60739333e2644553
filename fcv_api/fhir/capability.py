"""CapabilityStatement: what of FHIR R4 there is here, and nothing more."""

from __future__ import annotations

from typing import Any

FHIR_VERSION, JSON = "4.0.1", "application/fhir+json"
SECURITY = (
    "Send a token of POST /auth/token as Authorization: Bearer. To post: client or admin. To search: reader or admin."
)
TAKES = (
    "POST /fhir takes a Bundle of Observations of nine vital signs into the memory of beds. Entries are taken one by "
    "one, those of a transaction too: a wrong one fails alone."
)
WHO = "`SYSTEM|VALUE` as the source names it, or the number that GET /beds gives."


def capability_statement(version: str, url: str, started: str) -> dict[str, Any]:
    """Return the statement. version: of the service. url: of `/fhir`. started: since when it holds."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": started,
        "kind": "instance",
        "software": {"name": "FCV-MLAPI", "version": version},
        "implementation": {"description": "FCV-MLAPI. Not a medical device.", "url": url},
        "fhirVersion": FHIR_VERSION,
        "format": [JSON, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": TAKES,
                "security": {"description": SECURITY},
                "resource": [_observation(), _risk_assessment()],
                "interaction": [{"code": "batch"}, {"code": "transaction", "documentation": TAKES}],
            }
        ],
    }


def _observation() -> dict[str, Any]:
    return {"type": "Observation", "documentation": "Only as entries of a Bundle: nothing is given back of them."}


def _risk_assessment() -> dict[str, Any]:
    parameter = {"name": "encounter", "type": "reference", "documentation": WHO}
    return {
        "type": "RiskAssessment",
        "documentation": "The scores of a stay, the newest first. A refusal is none.",
        "interaction": [{"code": "search-type"}],
        "searchParam": [parameter],
    }
