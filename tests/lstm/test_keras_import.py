"""Importing a Keras model: what comes out computes what Keras computes, or nothing comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.lstm.parity import random_walks
from fcv_api.lstm.runtime import LiteRtModel

pytestmark = [
    pytest.mark.needs_train,
    pytest.mark.filterwarnings("ignore"),  # TensorFlow and Keras warn of themselves
]
FIXTURES = Path(__file__).parents[1] / "fixtures"
REQUEST = ImportRequest("LSTM", "1.0.0", TrainedOn.RANDOM, "a card")


def import_fixture(name: str) -> Artifact:
    return import_file(FIXTURES / name, REQUEST, lambda _step, _done: None)


@pytest.mark.parametrize(
    ("name", "reference", "outputs"),
    [
        ("lstm_relu_keras2.h5", "keras2_reference.npz", "lstm_relu"),
        ("bilstm_gru_keras2.h5", "keras2_reference.npz", "bilstm_gru"),
        ("lstm_keras3.h5", "keras3_reference.npz", "lstm"),
        ("lstm_keras3.keras", "keras3_reference.npz", "lstm"),
    ],
)
def test_an_imported_model_answers_as_the_notebook_did(name: str, reference: str, outputs: str) -> None:
    artifact = import_fixture(name)
    model, wanted = LiteRtModel(artifact), np.load(FIXTURES / reference)
    got = [model.score(window.astype(np.float64)) for window in wanted["x"]]
    np.testing.assert_allclose(got, wanted[outputs], atol=1e-5)
    assert artifact.manifest.parity["largest_difference"] < 1e-5


def test_a_model_of_another_shape_is_refused_and_both_shapes_are_named() -> None:
    with pytest.raises(KerasFileError, match=r"reads \(None, 30, 7\) and gives \(None, 3\).*\(None, 20, 9\)"):
        import_fixture("wrong_shape_keras2.h5")


def test_the_windows_of_comparison_are_plausible_and_always_the_same() -> None:
    walks = random_walks(WindowSpec())
    assert walks.shape == (256, 20, 9)
    np.testing.assert_array_equal(walks, random_walks(WindowSpec()))
    assert (np.median(walks, axis=(0, 1)) > [0.5, 60, 0, 160, 60, 60, 90, 36, 10]).all()
