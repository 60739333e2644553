"""A report of a hospital with every member that attesting needs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fcv_api.lstm.artifact import Artifact
from fcv_api.wire.validation_report import ILL

AREA = {"value": 0.9, "low": 0.8, "high": 0.95}
AREAS = {"auroc": AREA, "auprc": AREA}
STATE_CALIBRATION = {
    "observed_to_expected": 1.1,
    "slope": 0.9,
    "intercept": 0.0,
    "brier_skill": 0.2,
    "reliability": [{"said": 0.1, "seen": 0.12, "count": 100}],
}


def whole_report(artifact: Artifact, data: Path, outcomes: Path) -> dict[str, Any]:
    """Return a report with every member that attesting needs."""
    manifest = artifact.manifest
    files = {
        name: {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for name, path in (("export", data), ("outcomes", outcomes))
    }
    counts = {"patients": 412, "encounters": 430, "windows": 9000, "windows_recorded_before_outcome": 0}
    period = {"first": "2025-01-01T00:00:00Z", "last": "2025-12-31T00:00:00Z"}
    flow = {"reason": "kept", "state": "none_of_these", "site": "-", "patients": 412, "encounters": 430}
    lead = {"found_15_minutes_ahead": 0.6, "found_30_minutes_ahead": 0.4}
    return {
        "schema": "fcv-report-1",
        "created": "2026-01-05T10:00:00+00:00",
        "program": "fcv evaluate 0.1.0",
        "model": str(manifest.identity),
        "model_sha256": manifest.sha256,
        "manifest_sha256": manifest.canonical_sha256,
        "horizon_minutes": 30.0,
        "data": {"origin": "hospital", **files, **period, **counts},
        "flow": [flow],
        "events": dict.fromkeys(ILL, 20),
        "overlap": {"checked": True, "patients": 0},
        "discrimination": dict.fromkeys(ILL, AREAS),
        "calibration": dict.fromkeys(ILL, STATE_CALIBRATION),
        "sensitivity": dict.fromkeys(ILL, 0.5),
        "lead_time": [{"at_most_alarms_per_patient_hour": 0.05, "onsets": 60, **lead}],
        "burden": [{"alarms_per_patient_day": 1.2, "patient_hours": 9000.0}],
    }
