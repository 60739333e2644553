"""What earns a model its evidence: a named person's word for a report of this very manifest.

A manifest without it, or with one that was made for another manifest, has no evidence, whatever it claims.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcv_api.domain.evidence import Evidence, TrainedOn

OUTSIDE = ("evidence", "card", "attestation", "drift")
"""What an attestation changes, and the reference that drift is measured against: it is taken after attesting, and no
answer depends on it. All other members are what is attested."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """Whose word a model's evidence is, and for what.

    manifest_sha256: of `canonical_sha256`. report_sha256, data_sha256, outcomes_sha256: of the files, byte by byte.
    events: the encounters with an onset that the report counts, by state. at: in UTC.
    """

    evidence: str
    manifest_sha256: str
    report_sha256: str
    data_sha256: str
    outcomes_sha256: str | None
    events: dict[str, int]
    signed_by: str
    at: str


def canonical_sha256(manifest: dict[str, Any]) -> str:
    """Return the sha256 of a manifest's JSON without its evidence and card.

    Members by name, without blanks, in UTF-8, numbers as Python writes them: any tool can compute it again.
    """
    attested = {name: value for name, value in manifest.items() if name not in OUTSIDE}
    text = json.dumps(attested, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_claim(fields: dict[str, Any]) -> tuple[Evidence, TrainedOn]:
    """Return what a manifest claims, and what the model learnt from. Raises ValueError for a word of neither.

    Older manifests have one word for both: `unstated`, `random` and `simulated` say what it learnt from.
    """
    claim, trained_on = fields["evidence"], fields.get("trained_on")
    if trained_on is None and claim in {each.value for each in TrainedOn} - {TrainedOn.HOSPITAL.value}:
        return Evidence.UNVALIDATED, TrainedOn(claim)
    return Evidence(claim), TrainedOn(trained_on or TrainedOn.UNSTATED.value)


def earned(claim: Evidence, attestation: Attestation | None, manifest_sha256: str) -> Evidence:
    """Return what a claim is worth: `STATED` unless an attestation of this very manifest says the same."""
    if not claim.validated:
        return claim
    proved = attestation and (attestation.evidence, attestation.manifest_sha256) == (claim.value, manifest_sha256)
    return claim if proved else Evidence.STATED


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, as a report names it and an attestation keeps it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
