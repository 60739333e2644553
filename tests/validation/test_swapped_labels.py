"""A model that learnt from swapped labels is found out by what it answers about patients of whom the truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from pathlib import Path

from fcv_api.domain.prediction import State
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.training.dataset import Horizon
from fcv_api.training.simulate import Stay, simulate
from fcv_api.validation.figures import Measured, figures_of
from fcv_api.validation.from_export import ExportSource, gather_export
from fcv_api.wire.file_form import PLAIN
from fcv_api.wire.stays import write_stays

SWAPPED = {State.NONE_OF_THESE: State.CARDIOGENIC_SHOCK, State.CARDIOGENIC_SHOCK: State.NONE_OF_THESE}
"""In the labels that it learnt from: whoever was in shock was called well."""
EVENTS, WELL = 24, 40


def stays() -> list[Stay]:
    """Return simulated stays: some come to a shock, the others to none of the states."""
    found: dict[State, list[Stay]] = {state: [] for state in State}
    drawn = simulate(2000, 11, 1)
    while len(found[State.CARDIOGENIC_SHOCK]) < EVENTS:
        stay = next(drawn)
        found[stay.state].append(stay)
    return [*found[State.CARDIOGENIC_SHOCK], *found[State.NONE_OF_THESE][:WELL]]


def test_a_model_of_swapped_labels_is_found_out(tmp_path: Path) -> None:
    write_stays(tmp_path / "export.parquet", tmp_path / "outcomes.csv", stays())
    source = ExportSource(tmp_path / "export.parquet", tmp_path / "outcomes.csv", UTC, PLAIN, Horizon(every=6))
    shipped = Artifact.load(SHIPPED_IN / SHIPPED)
    classes = tuple(SWAPPED.get(each, each) for each in shipped.manifest.classes)
    swapped = LiteRtModel(replace(shipped, manifest=replace(shipped.manifest, classes=classes)))
    gathered = gather_export(source, swapped, tmp_path)
    found = figures_of(Measured.of(gathered.windows, {str(swapped.identity): gathered.probabilities}))
    shock = found["discrimination"]["cardiogenic_shock"]["auroc"]
    assert shock["high"] < 0.5  # worse than chance, for certain
    assert found["discrimination"]["any_of_the_three"]["auroc"]["high"] < 0.5
    intervals = found["calibration"]["cardiogenic_shock"]["intervals"]
    assert intervals["observed_to_expected"][1] < 0.1
    assert intervals["brier_skill"][1] < 0
