"""What `fcv evaluate` adds to its figures, so that a report can earn evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from fcv_api.domain.evidence import UnusableReport
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_request import CLASSES
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.dataset import Horizon, LabelledWindows, cut_windows
from fcv_api.training.evaluate import assess_windows
from fcv_api.training.flow import flow_of
from fcv_api.training.report_members import ILL, Subject, events, report_members
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.wire.report_file import check_members

COHORT = cohort_of(simulate(40, 3))
BY_STATE = {"observed_to_expected": 1.0, "slope": 1.0, "intercept": 0.0, "brier_skill": 0.1}
BINS = {"reliability": [{"said": 0.1, "seen": 0.1, "count": 9}]}


@pytest.fixture(scope="module")
def windows() -> LabelledWindows:
    """Return the windows of forty simulated stays."""
    return cut_windows(COHORT, WindowSpec(), Horizon(every=6))


@pytest.fixture
def comparison(windows: LabelledWindows) -> dict[str, Any]:
    """Return an evaluation of probabilities that know a little."""
    probabilities = np.random.default_rng(1).dirichlet(np.ones(4), len(windows))
    probabilities = (probabilities + np.eye(4)[windows.label]) / 2
    patients = len(np.unique(windows.patient))
    figures = assess_windows(windows, probabilities)
    return {"model": SHIPPED, "scorers": {SHIPPED: figures}, "data": {"patients": patients, "encounters": patients}}


def members(windows: LabelledWindows, comparison: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the members as the report's file holds them."""
    files = folder / "export.csv", folder / "labels.csv"
    for file in files:
        file.write_text(file.name)
    manifest = Artifact.load(SHIPPED_IN / SHIPPED).manifest
    flow = flow_of(COHORT, windows, WindowSpec(), Horizon(every=6))
    subject = Subject(manifest, Horizon(), "hospital", files, flow, overlap_checked=True)
    text = orjson.dumps(report_members(subject, windows, comparison), option=orjson.OPT_SERIALIZE_NUMPY)
    found: dict[str, Any] = orjson.loads(text)
    return found


def test_with_the_calibration_of_each_state_a_report_has_all_that_attesting_needs(
    windows: LabelledWindows, comparison: dict[str, Any], tmp_path: Path
) -> None:
    figures = comparison["scorers"][SHIPPED]
    figures["calibration"]["by_state"] = {state.value: BY_STATE | BINS for state in CLASSES}
    check_members(members(windows, comparison, tmp_path))
    figures["calibration"].pop("by_state")
    with pytest.raises(UnusableReport, match=r"^The report lacks calibration\.$"):
        check_members(members(windows, comparison, tmp_path))


def test_an_event_is_an_encounter_with_a_window_before_its_onset(windows: LabelledWindows) -> None:
    for name, place in ILL.items():
        own = windows.where((windows.label == place) & (windows.lead > 0))
        assert events(windows)[name] == len(set(own.encounter.tolist()))
    assert sum(events(windows).values()) > 0
