"""A refit is fitted on the early part alone, and shown on the late one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_windows import made_up

from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.dataset import NONE, UnusableData
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.report_members import ILL
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.members import refit_members
from fcv_api.validation.refit import apply_refit, fit_refit, save_refit
from fcv_api.validation.split import Split, split_in_time, unsplit


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    """Return windows of which a model says too much of each ill state."""
    return bent(made_up(tmp_path_factory.mktemp("made"), events=70, well=70), 1, 2)


def bent(gathered: Gathered, slope: float, more: float) -> Gathered:
    """Return windows whose model is bolder by a slope, and says more of each ill state."""
    logits = slope * np.log(gathered.probabilities) + np.where(np.arange(4) == NONE, 0, more)
    said = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return replace(gathered, probabilities=said.astype(np.float32))


@pytest.fixture(scope="module")
def split(gathered: Gathered) -> Split:
    return split_in_time(gathered)


def shown(gathered: Gathered, split: Split, kind: str) -> dict[str, Any]:
    """Return what a refit did, before and after, by state."""
    manifest = Artifact.load(SHIPPED_IN / SHIPPED).manifest
    found = refit_members(gathered, split, fit_refit(gathered, split, kind), manifest)
    return {state: [found[when]["calibration"][state] for when in ("before", "after")] for state in ILL}


def test_an_intercept_brings_as_many_as_happen_on_the_late_part(gathered: Gathered, split: Split) -> None:
    for before, after in shown(gathered, split, "intercept").values():
        assert abs(np.log(after["observed_to_expected"])) < abs(np.log(before["observed_to_expected"]))
        assert after["brier_skill"] > before["brier_skill"]


def test_a_slope_mends_what_is_too_bold(gathered: Gathered, split: Split) -> None:
    for before, after in shown(bent(gathered, 3, -6), split, "slope").values():
        assert abs(after["slope"] - 1) < abs(before["slope"] - 1)
        assert after["brier_skill"] > before["brier_skill"]


def test_an_intercept_alone_leaves_the_slope(gathered: Gathered, split: Split) -> None:
    assert fit_refit(gathered, split, "intercept").slope == pytest.approx(1)


def test_the_late_part_moves_no_number_of_a_refit(gathered: Gathered, split: Split) -> None:
    spoilt = gathered.probabilities.copy()
    spoilt[split.late] = 0.25
    one, other = (fit_refit(each, split, "slope") for each in (gathered, replace(gathered, probabilities=spoilt)))
    assert (one.slope, one.bias.tolist()) == (other.slope, other.bias.tolist())


def test_under_fifty_events_a_refit_is_refused(tmp_path: Path) -> None:
    few = made_up(tmp_path, events=30, well=30)
    with pytest.raises(UnusableData, match="A refit needs 50 events before the late part"):
        fit_refit(few, split_in_time(few), "slope")
    with pytest.raises(UnusableData, match="leave --split none"):
        fit_refit(few, unsplit(few), "slope")


def test_the_saved_model_answers_so_and_knows_the_early_patients(gathered: Gathered, split: Split) -> None:
    refit = fit_refit(gathered, split, "slope")
    child = save_refit(Artifact.load(SHIPPED_IN / SHIPPED), refit, "2.0.1", (gathered, split))
    assert child.manifest.learnt_from is not None
    known = Fingerprints.read(child.manifest.learnt_from)
    early, late = (int(gathered.windows.encounter[part[0]]) for part in (split.early, split.late))
    assert known.take(f"encounter {early}") in known.known
    assert known.take(f"encounter {late}") not in known.known
    said = apply_refit(gathered.probabilities[:5], refit)
    assert np.allclose(said.sum(axis=1), 1)
