"""Earn a model its evidence: hold a report against the model and the files that it names, and sign it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fcv_api.domain.evidence import Evidence, UnusableReport
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.attestation import Attestation, file_sha256
from fcv_api.lstm.card import attested_card, restated

FEWEST_EVENTS, FEW_EVENTS = 20, 100
"""Of each ill state: under the first nothing can be said, under the second it is said beside every figure."""
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Evidenced:
    """What an attestation rests on. data, outcomes: the files that the report was made from. signed_by: a person."""

    report: Path
    data: Path
    outcomes: Path | None
    signed_by: str


def check_subject(manifest: Manifest, report: dict[str, Any]) -> None:
    """Raise UnusableReport unless a report is of a hospital's patients and of this very manifest."""
    data = report.get("data")
    origin = data.get("origin") if isinstance(data, dict) else None
    if origin != "hospital":
        raise UnusableReport(
            f"The report's data.origin is {origin!r}, and only a hospital's patients earn evidence: measure the model "
            "on an export of yours with `fcv evaluate ... --origin hospital`."
        )
    if report.get("model") != str(manifest.identity):
        raise UnusableReport(f"The report is of {report.get('model')}, not of {manifest.identity}.")
    _check_hashes(manifest, report)


def _check_hashes(manifest: Manifest, report: dict[str, Any]) -> None:
    for name, own in (("model_sha256", manifest.sha256), ("manifest_sha256", manifest.canonical_sha256)):
        if report.get(name) != own:
            raise UnusableReport(
                f"The report's {name} is {report.get(name)}, and that of {manifest.identity} is {own}: it was made for "
                "another model of this name, or for what its manifest said before. Measure this one again."
            )


def check_events(report: dict[str, Any]) -> None:
    """Raise UnusableReport where an ill state has too few events. report: with all its members."""
    few = {state: count for state, count in report["events"].items() if count < FEWEST_EVENTS}
    if few:
        named = ", ".join(f"{state} has {count}" for state, count in few.items())
        raise UnusableReport(
            f"With under {FEWEST_EVENTS} events of a state nothing can be said of it: {named}. Collect more patients."
        )


def attest(manifest: Manifest, report: dict[str, Any], evidenced: Evidenced) -> Manifest:
    """Return a manifest with the evidence that a report earns it. Raises UnusableReport.

    report: of this manifest, with all its members.
    """
    _check_name(evidenced.signed_by)
    evidence = _evidence(report["data"])
    attestation = Attestation(
        evidence=evidence.value,
        manifest_sha256=manifest.canonical_sha256,
        report_sha256=file_sha256(evidenced.report),
        data_sha256=_same("export", report["data"]["export"], evidenced.data),
        outcomes_sha256=_outcomes(report["data"]["outcomes"], evidenced.outcomes),
        events=report["events"],
        signed_by=evidenced.signed_by,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    signed = replace(manifest, evidence=evidence, attestation=attestation)
    card = attested_card(restated(manifest.card, signed.identity.standing), attestation, report)
    return replace(signed, card=card)


def _evidence(data: dict[str, Any]) -> Evidence:
    """Return `PROSPECTIVE` where every window's record was written before its outcome was known."""
    before = data["windows_recorded_before_outcome"] >= data["windows"]
    return Evidence.PROSPECTIVE if before else Evidence.RETROSPECTIVE


def _check_name(name: str) -> None:
    if not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise UnusableReport(f"--signed-by must be a person's name, of at most {LONGEST_NAME} letters on one line.")


def _outcomes(named: dict[str, Any] | None, file: Path | None) -> str | None:
    """Return the sha256 of the file of outcomes; None where neither the report nor the caller has one."""
    if named is None and file is None:
        return None
    if named is None or file is None:
        there = f"was made from {named['name']} too" if named else "was made from no file of outcomes"
        raise UnusableReport(f"The report {there}: give --outcomes where it names one, and only there.")
    return _same("outcomes", named, file)


def _same(member: str, named: dict[str, Any], file: Path) -> str:
    """Return a file's sha256. Raises UnusableReport unless the report names the same."""
    found = file_sha256(file)
    if found != named["sha256"]:
        raise UnusableReport(
            f"{file} is not the file that the report was made from: its sha256 is {found}, and the report's "
            f"data.{member}.sha256 is {named['sha256']}."
        )
    return found
