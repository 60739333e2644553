"""LiteRT gives what Keras gave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fcv_api.lstm.artifact import Artifact, ArtifactError, GoldenWindow
from fcv_api.lstm.outputs import complaint
from fcv_api.lstm.registry import Registry
from fcv_api.lstm.runtime import LiteRtModel, bind

FIXTURES = Path(__file__).parents[1] / "fixtures"
REFERENCE = np.load(FIXTURES / "keras2_reference.npz")


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    """Give the model that the reference is of."""
    return Registry(FIXTURES / "models").artifact("fcv-untrained/0.1.0")


def test_an_imported_model_answers_as_keras_did(artifact: Artifact) -> None:
    model = LiteRtModel(artifact)
    got = [model.score(window.astype(np.float64)) for window in REFERENCE["x"]]
    np.testing.assert_allclose(got, REFERENCE["lstm_relu"], atol=1e-5)


def test_threads_at_once_each_get_their_own_windows_answer(artifact: Artifact) -> None:
    model = LiteRtModel(artifact)
    windows = [window.astype(np.float64) for window in REFERENCE["x"]] * 100
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(model.score, windows))
    np.testing.assert_allclose(got, np.tile(REFERENCE["lstm_relu"], (100, 1)), atol=1e-5)


@pytest.mark.parametrize("wrong", [0.001, np.nan])
def test_a_golden_window_that_comes_out_otherwise_keeps_a_model_out(artifact: Artifact, wrong: float) -> None:
    golden = artifact.manifest.golden[0]
    spoilt = GoldenWindow(golden.raw, [golden.outputs[0] + wrong, *golden.outputs[1:]])
    manifest = replace(artifact.manifest, golden=(*artifact.manifest.golden, spoilt))
    with pytest.raises(ArtifactError, match="golden window 4"):
        LiteRtModel(Artifact(manifest, artifact.flatbuffer))


def test_a_golden_window_checks_the_scaling_too(artifact: Artifact) -> None:
    population = {"kind": "population", "mean": [0.0] * 9, "deviation": [1.0] * 9}
    with pytest.raises(ArtifactError, match="golden window 0"):
        LiteRtModel(Artifact(replace(artifact.manifest, scaling=population), artifact.flatbuffer))


def test_bytes_that_are_no_model_are_refused(artifact: Artifact) -> None:
    with pytest.raises(ValueError, match="not a valid Flatbuffer"):
        bind(b"not a model" * 100)
    with pytest.raises(ArtifactError, match="does not run"):
        LiteRtModel(Artifact(artifact.manifest, b"not a model" * 100))


def test_a_model_whose_outputs_are_no_probabilities_is_not_loaded() -> None:
    """It computes what Keras computed, and would answer nobody."""
    with pytest.raises(ArtifactError, match=r"Model sigmoid/1\.0\.0 gives four numbers that are no probabilities"):
        LiteRtModel(Artifact.load(FIXTURES / "field_models" / "sigmoid" / "1.0.0"))


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ([0.25, 0.25, 0.25, 0.25], ""),
        ([0.5, 0.6, 0.5, 0.5], "they sum to 2.1)"),
        ([1.5, -0.5, 0.0, 0.0], "they sum to 1, and one is -0.5)"),
        ([np.nan, 0.5, 0.5, 0.0], "they are not finite)"),
    ],
)
def test_what_is_wrong_with_outputs_is_told_in_numbers(outputs: list[float], told: str) -> None:
    complained = complaint(np.array([[0.25] * 4, outputs]))
    assert complained == (told and f"gives four numbers that are no probabilities ({told}: add a softmax")


def test_the_flatbuffer_is_shared_not_copied(artifact: Artifact) -> None:
    model = LiteRtModel(artifact)
    (bound,) = model._free  # noqa: SLF001 - the one that ran the golden windows
    assert bound.interpreter._model_content is artifact.flatbuffer  # noqa: SLF001
