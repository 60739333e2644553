"""A validation as the report's JSON: what `fcv model attest` needs, and beside it all that the page shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from fcv_api import __version__
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.refit import Refit
from fcv_api.training.dataset import Horizon
from fcv_api.training.report_members import where_from
from fcv_api.validation.drift import Finding
from fcv_api.validation.figures import Figures, Measured, figures_of
from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.policy_alarms import Followed, rung_by
from fcv_api.validation.refit import apply_refit
from fcv_api.validation.second_opinions import second_opinions
from fcv_api.validation.split import Split
from fcv_api.validation.subgroups import subgroups
from fcv_api.wire.validation_report import SCHEMA

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is validated, and with what. files: the export and its outcomes. origin: as of a report.

    overlap_checked: whether the model's patients are known, and none of them is here. followed: by which alarms go;
    None for thresholds.
    """

    manifest: Manifest
    horizon: Horizon
    origin: str
    files: tuple[Path, Path]
    overlap_checked: bool
    followed: Followed | None = None


def validation_members(subject: Subject, gathered: Gathered, split: Split, more: Members) -> Members:
    """Return the whole report. more: `drift` and `refit`, where there are such."""
    windows = gathered.windows.where(split.late)
    own = {str(subject.manifest.identity): gathered.probabilities[split.late]}
    measured = Measured.of(windows, own | second_opinions(gathered, split))
    followed = subject.followed
    if followed:
        measured = replace(measured, policy=(followed.policy, rung_by(followed.policy, gathered, split.late)))
    return {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"fcv validate {__version__}",
        "model": str(subject.manifest.identity),
        "model_sha256": subject.manifest.sha256,
        "manifest_sha256": subject.manifest.canonical_sha256,
        "evidence": subject.manifest.evidence.value,
        "horizon_minutes": subject.horizon.minutes,
        "data": _data(subject, gathered, split),
        "flow": [{"part": row.part} | asdict(row) for row in flow(gathered, split.late)],
        "flow_notes": [asdict(each) for each in flow_notes(gathered, split.late)],
        "overlap": {"checked": subject.overlap_checked, "patients": 0},
        "split": split.as_json(),
        "policy": followed.as_json() if followed else None,
        **figures_of(measured),
        "subgroups": subgroups(gathered, split.late),
        **more,
    }


def refit_members(gathered: Gathered, split: Split, refit: Refit, child: Manifest) -> Members:
    """Return what a refit did on the late part, before and after."""
    windows, said = gathered.windows.where(split.late), gathered.probabilities[split.late]
    answers = {"before": said, "after": apply_refit(said, refit)}
    return {
        "kind": refit.kind,
        "slope": refit.slope,
        "model": str(child.identity),
        "model_sha256": child.sha256,
        "fitted_on": refit.about,
        **{when: _calibration(Measured.of(windows, {when: each})) for when, each in answers.items()},
    }


def _calibration(measured: Measured) -> Figures:
    """Return whether the answered states come as often as is said, and how well they are discriminated."""
    found = figures_of(measured)
    return {name: found[name] for name in ("calibration", "discrimination")}


def drift_members(findings: list[Finding], reference: Members) -> Members:
    """Return what drifted, and against what that was measured."""
    about = {name: reference[name] for name in ("from", "first", "last") if name in reference}
    return {"reference": about, "findings": [asdict(each) for each in findings]}


def _data(subject: Subject, gathered: Gathered, split: Split) -> Members:
    windows = gathered.windows.where(split.late)
    return where_from(subject.origin, subject.files, windows.end) | {
        "patients": len(np.unique(windows.patient)),
        "encounters": len(np.unique(windows.encounter)),
        "windows": len(windows),
        "windows_recorded_before_outcome": int(gathered.before[split.late].sum()),
    }
