"""Any architecture that the converter takes: built in Keras 3, saved, imported, compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import import_model

pytestmark = [pytest.mark.needs_train, pytest.mark.filterwarnings("ignore")]
Build = Callable[[Any, Any], Any]


def _attention(layers: Any, source: Any) -> Any:
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=4)(source, source)
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(layers.Add()([source, attended])))


ARCHITECTURES: dict[str, Build] = {
    "tanh": lambda layers, source: layers.LSTM(8)(source),
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


def test_a_model_may_read_another_number_of_instants(tmp_path: Path) -> None:
    path = save(ARCHITECTURES["tanh"], tmp_path / "model.keras", instants=12)
    assert imported(path, tmp_path / "private").manifest.input_shape == (12, 9)


def test_a_steep_model_may_differ_by_twice_what_keras_differs_from_itself(tmp_path: Path) -> None:
    """Large weights make rounding large: here Keras differs from itself by more than 1e-5."""
    import keras

    large = keras.initializers.RandomNormal(stddev=3.0, seed=7)
    path = save(
        lambda layers, source: layers.LSTM(32, kernel_initializer=large, recurrent_initializer=large)(source),
        tmp_path / "model.keras",
    )
    parity = imported(path, tmp_path / "private").manifest.parity
    assert parity["rule"] == "twice Keras' own difference"
    assert 1e-5 < parity["largest_difference"] < parity["limit"]
