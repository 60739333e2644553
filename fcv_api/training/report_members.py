"""What `fcv evaluate` knows of the members that a report needs before it can earn a model its evidence.

`wire/validation_report.py` is the schema. What is not known here is left out, and `fcv model attest` names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api import __version__
from fcv_api.domain.prediction import State
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.attestation import file_sha256
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import Horizon, LabelledWindows
from fcv_api.training.flow import FlowRow
from fcv_api.wire.validation_report import SCHEMA

ILL = {state.value: place for place, state in enumerate(CLASSES) if state is not State.NONE_OF_THESE}
Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is of. origin: `hospital`, `simulated` or `unstated`. overlap_checked: with training patients."""

    manifest: Manifest
    horizon: Horizon
    origin: str
    files: tuple[Path, Path]
    flow: list[FlowRow]
    overlap_checked: bool


def report_members(subject: Subject, windows: LabelledWindows, comparison: Members) -> Members:
    """Return a comparison with what a report says besides. comparison: of `evaluate.compare`."""
    own = comparison["scorers"][comparison["model"]]
    return comparison | {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"fcv evaluate {__version__}",
        "model_sha256": subject.manifest.sha256,
        "manifest_sha256": subject.manifest.canonical_sha256,
        "horizon_minutes": subject.horizon.minutes,
        "data": comparison["data"] | _data(subject, windows),
        "flow": [asdict(row) for row in subject.flow],
        "events": events(windows),
        "overlap": {"checked": subject.overlap_checked, "patients": 0},
        "discrimination": {name: {area: own[area][name] for area in ("auroc", "auprc")} for name in ILL},
        "sensitivity": dict(sensitivity(own)),
        "lead_time": [lead_time(at) for at in own["alarms"]],
        "burden": [burden(at) for at in own["alarms"]],
        **_calibration(own),
    }


def events(windows: LabelledWindows) -> dict[str, int]:
    """Count the encounters with a window before the onset of each ill state, within the horizon of it."""
    ahead = windows.where(windows.ahead)
    return {name: len(np.unique(ahead.encounter[ahead.label == place])) for name, place in ILL.items()}


def where_from(origin: str, files: tuple[Path, Path], end: NDArray[np.datetime64]) -> Members:
    """Return whose data a report is of: its two files, and when its windows end, (n,) in UTC."""
    export, outcomes = files
    return {
        "origin": origin,
        "export": file_of(export),
        "outcomes": file_of(outcomes),
        "first": np.datetime_as_string(end.min(), unit="s") + "Z",
        "last": np.datetime_as_string(end.max(), unit="s") + "Z",
    }


def _data(subject: Subject, windows: LabelledWindows) -> Members:
    return where_from(subject.origin, subject.files, windows.end) | {
        "windows": len(windows),
        "windows_recorded_before_outcome": 0,
    }


def file_of(path: Path) -> dict[str, str]:
    """Return a file as a report names it."""
    return {"name": path.name, "sha256": file_sha256(path)}


def sensitivity(own: Members) -> Iterator[tuple[str, float]]:
    """Yield the share of each ill state's windows before the onset that `State` named."""
    for name, place in ILL.items():
        row = own["confusion"][place]
        if sum(row):
            yield name, row[place] / sum(row)


def lead_time(at: Members) -> Members:
    """Return the shares of all onsets that an alarm found so many minutes before, at one burden."""
    shares = {f"found_{minutes}_minutes_ahead": each["value"] for minutes, each in at["found_ahead"].items()}
    return {"at_most_alarms_per_patient_hour": at["at_most"], "onsets": at["onsets"], "found": at["found"], **shares}


def _calibration(own: Members) -> Members:
    """Return whether each ill state comes as often as its probability says, where that was measured."""
    by_state = own["calibration"].get("by_state")
    return {"calibration": {name: by_state[name] for name in ILL}} if by_state else {}


def burden(at: Members) -> Members:
    """Return what is heard over whole stays at one threshold, and what of it before onsets is false."""
    whole = at["whole_stays"]
    return {
        "alarms_per_patient_day": whole["alarms_per_patient_day"]["value"],
        "patient_hours": whole["patient_hours"],
        "false_alarms": at["false_alarms"],
        "sensitivity": at["sensitivity"],
    }
