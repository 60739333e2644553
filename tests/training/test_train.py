"""Training: who is learnt from, how signs are scaled, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.evidence import Evidence, TrainedOn
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_request import CLASSES, ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import Report, import_model
from fcv_api.lstm.network import Recipe
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.training import train as training
from fcv_api.training.dataset import Cohort, Horizon, Label, LabelledWindows, UnusableData
from fcv_api.training.scaling import fit_scaling, scale_windows
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.training.split import split_patients, worst_states
from fcv_api.training.train import Plan, train

HEIGHT = INDEX_BY_NAME["MDC_LEN_BODY_ACTUAL"]


def silent(*_: object) -> None:
    """Hear of progress, and say nothing."""


def stays(*told: tuple[str, State]) -> Cohort:
    """Give a cohort of empty stays: each one's patient and state."""
    nothing = np.array([], dtype=np.intp), np.array([]), np.array([], dtype="datetime64[us]")
    labels = {number: Label(state, None, patient) for number, (patient, state) in enumerate(told)}
    return Cohort([Encounter(number, *nothing) for number in labels], labels)


def windows(raw: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> LabelledWindows:
    """Give windows of which only `raw` is looked at."""
    count = len(raw)
    numbers, ends = np.arange(count), np.zeros(count, dtype="datetime64[us]")
    return LabelledWindows(raw, numbers, numbers.astype(str), ends, numbers % 4, np.full(count, np.nan))


def test_no_patient_is_on_both_sides_and_each_state_is_on_both() -> None:
    cohort = stays(*[(f"{state.value}{number % 10}", state) for state in State for number in range(20)])
    learning, held = split_patients(cohort, 1)
    assert not learning & held
    assert (len(learning), len(held)) == (32, 8)
    worst = worst_states(cohort)
    assert {worst[patient] for patient in held} == {worst[patient] for patient in learning} == set(State)


def test_the_split_follows_the_seed_and_not_the_order_of_the_file() -> None:
    told = [(f"{state.value}{number}", state) for state in State for number in range(10)]
    assert split_patients(stays(*told), 1) == split_patients(stays(*told[::-1]), 1)
    assert split_patients(stays(*told), 1) != split_patients(stays(*told), 2)


def test_a_patient_counts_for_the_worst_of_their_stays() -> None:
    cohort = stays(("a", State.NONE_OF_THESE), ("a", State.CARDIAC_ARREST), ("a", State.CARDIOGENIC_SHOCK))
    assert worst_states(cohort) == {"a": State.CARDIAC_ARREST}


@pytest.mark.parametrize(
    ("cohort", "words"),
    [
        (stays(), "no labelled encounter"),
        (stays(("a", State.NONE_OF_THESE), ("b", State.NONE_OF_THESE)), "one state"),
        (stays(("a", State.NONE_OF_THESE), ("b", State.CARDIAC_ARREST)), "No state has two patients"),
    ],
)
def test_patients_that_cannot_be_split_are_refused(cohort: Cohort, words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        split_patients(cohort, 1)


def test_population_scaling_brings_measured_values_to_mean_0_and_deviation_1() -> None:
    raw = np.random.default_rng(1).normal(50, 7, (30, 20, 9))
    raw[:10, :, HEIGHT] = np.nan  # never sent for these
    _, spec = fit_scaling(windows(raw), "population")
    scaled = scale_windows(raw, spec)
    known = np.where(np.isnan(raw), np.nan, scaled)
    np.testing.assert_allclose(np.nanmean(known, axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(np.nanstd(known, axis=(0, 1)), 1, atol=1e-5)
    assert (scaled[:10, :, HEIGHT] == 0).all()


@pytest.mark.parametrize("value", [np.nan, 170.0, 0.1])
def test_a_sign_that_never_was_or_never_changed_comes_out_as_zero(value: float) -> None:
    raw = np.random.default_rng(1).normal(50, 7, (30, 20, 9))
    raw[:, :, HEIGHT] = value
    told, spec = fit_scaling(windows(raw), "population")
    np.testing.assert_allclose(scale_windows(raw, spec)[:, :, HEIGHT], 0, atol=1e-6)
    assert np.isfinite([told["mean"], told["deviation"]]).all()


@pytest.mark.needs_train
@pytest.mark.filterwarnings("ignore")  # TensorFlow and Keras warn of themselves
def test_a_trained_model_scores_and_says_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def imported(path: Path, request: ImportRequest, report: Report) -> Artifact:
        """Import in this process: the one of its own is tested with the reference model."""
        return import_model(KerasFile.inspect(path, tmp_path), request, report)

    monkeypatch.setattr(training, "import_file", imported)
    recipe = Recipe(layer="dense", units=4, epochs=2)
    plan = Plan("small", "1.0.0", "window", Horizon(20, 6), recipe, TrainedOn.SIMULATED)  # the other: test_reference
    plan = replace(plan, sampling=Sampling.MEAN)
    trained = train(cohort_of(simulate(80, 1)), plan, silent)
    manifest, model = trained.artifact.manifest, LiteRtModel(trained.artifact)
    assert model.score(np.zeros((20, 9))).sum() == pytest.approx(1)
    assert manifest.horizon_minutes == 20
    assert (manifest.evidence, manifest.trained_on) == (Evidence.UNVALIDATED, TrainedOn.SIMULATED)
    assert (manifest.scaling["kind"], manifest.classes) == ("window", CLASSES)
    assert (manifest.sampling, "**Sampling:** mean." in manifest.card) == (Sampling.MEAN, True)
    assert "simulated patients only" in manifest.card
    assert sum(trained.summary["train"]["patients"].values()) > 0
