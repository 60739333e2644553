"""Any architecture that the converter takes: built in Keras 3, saved, imported, compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FIXTURES

from fcv_api.domain.window import WindowSpec, scale_by_window
from fcv_api.lstm import keras_import, parity
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import import_model
from fcv_api.lstm.keras_names import KerasFileError

pytestmark = [pytest.mark.needs_train, pytest.mark.filterwarnings("ignore")]
Build = Callable[[Any, Any], Any]


def _attention(layers: Any, source: Any) -> Any:
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=4)(source, source)
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(layers.Add()([source, attended])))


def plain(layers: Any, source: Any) -> Any:
    """Give the states of an LSTM with tanh."""
    return layers.LSTM(8)(source)


ARCHITECTURES: dict[str, Build] = {
    "relu": lambda layers, source: layers.LSTM(8, activation="relu")(source),
    "stacked": lambda layers, source: layers.LSTM(6)(layers.LSTM(8, return_sequences=True)(source)),
    "bidirectional": lambda layers, source: layers.Bidirectional(layers.LSTM(6))(source),
    "gru": lambda layers, source: layers.GRU(8)(layers.Dropout(0.2)(source)),
    "convolution": lambda layers, source: layers.GlobalMaxPooling1D()(
        layers.MaxPooling1D(2)(layers.Conv1D(8, 3, activation="relu")(source))
    ),
    "attention": _attention,
    "masking": lambda layers, source: layers.LSTM(8)(layers.Masking(mask_value=-99.0)(source)),
    "normalisation": lambda layers, source: layers.LSTM(8)(layers.BatchNormalization()(source)),
}


def save(build: Build, path: Path, instants: int = 20) -> Path:
    """Build a compiled model with random weights and save it."""
    import keras

    keras.utils.set_random_seed(7)
    source = keras.Input((instants, 9))
    outputs = keras.layers.Dense(4, activation="softmax")(build(keras.layers, source))
    model = keras.Model(source, outputs)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.save(path)
    return path


def imported(path: Path, private: Path) -> Any:
    private.mkdir()
    return import_model(KerasFile.inspect(path, private), ImportRequest("any", "1"), lambda _step, _done: None)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_imported_and_agrees_with_keras(tmp_path: Path, name: str) -> None:
    manifest = imported(save(ARCHITECTURES[name], tmp_path / "model.keras"), tmp_path / "private").manifest
    assert manifest.parity["largest_difference"] < 1e-5
    assert (manifest.parity["windows"], len(manifest.golden)) == (256, 4)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Artifact]:
    """Give a model that reads twelve instants, by Keras and as it was imported."""
    folder = tmp_path_factory.mktemp("twins")
    path = save(plain, folder / "model.keras", instants=12)
    artifact = imported(path, folder / "private")
    return keras_import.load(KerasFile.inspect(path, folder)), artifact


def test_a_model_may_read_another_number_of_instants_and_agrees_with_keras(twins: tuple[Any, Artifact]) -> None:
    manifest = twins[1].manifest
    assert manifest.input_shape == (12, 9)
    assert manifest.parity["largest_difference"] < 1e-5


def compared(twins: tuple[Any, Artifact]) -> dict[str, Any]:
    model, artifact = twins
    return parity.compare(model, artifact.flatbuffer, artifact.manifest.spec, lambda _done: None).summary()


@pytest.mark.parametrize("fixture", ["lstm_relu_keras2.h5", "lstm_keras3.keras"])
def test_how_far_keras_is_from_itself_is_rounding_for_a_model_that_is_not_steep(tmp_path: Path, fixture: str) -> None:
    model = keras_import.load(KerasFile.inspect(FIXTURES / fixture, tmp_path))
    scaled = np.stack([scale_by_window(window) for window in parity.random_walks(WindowSpec())[:4]]).astype(np.float32)
    wanted = np.asarray(model.predict(scaled, verbose=0), dtype=np.float64)
    assert 0 < parity._own_difference(model, scaled, wanted) < 1e-5  # noqa: SLF001


def test_a_steep_model_may_differ_by_twice_what_keras_differs_from_itself(
    twins: tuple[Any, Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No difference is small enough for this limit, so that the other rule is asked."""
    monkeypatch.setattr(parity, "PARITY_LIMIT", 1e-12)
    monkeypatch.setattr(parity, "_own_difference", lambda *_arguments: 1e-6)
    told = compared(twins)
    assert (told["limit"], told["rule"]) == (2e-6, "twice Keras' own difference")


def test_a_model_that_differs_from_keras_by_more_than_that_is_refused(
    twins: tuple[Any, Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "PARITY_LIMIT", 1e-12)
    monkeypatch.setattr(parity, "_own_difference", lambda *_arguments: 0.0)
    with pytest.raises(KerasFileError, match="LiteRT differs from Keras by"):
        compared(twins)
