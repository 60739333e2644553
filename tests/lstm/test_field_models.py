"""Models as they are found in the field: older versions, other number formats, operations, and no softmax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FIXTURES

from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import import_model, load
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.lstm.parity import compare, random_walks

pytestmark = [pytest.mark.needs_train, pytest.mark.filterwarnings("ignore")]
FIELD = FIXTURES / "field_models"
FOUND = {
    **dict.fromkeys(("keras_3_6.keras", "keras_3_6.h5", "last_step_keras2.h5", "last_step_keras3.keras")),
    "mean_keras3.keras": None,
    "float64.h5": "float64 as float32",
    "mixed_float16.keras": "mixed_float16 as float32",
}
Build = Callable[[Any, Any, Any], Any]


def private(folder: Path) -> Path:
    made = folder / "private"
    made.mkdir()
    return made


def imported(path: Path, folder: Path) -> Artifact:
    return import_model(KerasFile.inspect(path, private(folder)), ImportRequest("any", "1"), lambda _step, _done: None)


@pytest.mark.parametrize("name", FOUND)
def test_a_model_from_the_field_is_imported_and_agrees_with_keras(tmp_path: Path, name: str) -> None:
    manifest = imported(FIELD / name, tmp_path).manifest
    assert manifest.parity["largest_difference"] < 1e-5
    assert manifest.source.get("changed") == FOUND[name]


def test_a_model_without_a_softmax_is_refused_in_words_that_say_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(
        KerasFileError, match=r"four numbers that are no probabilities \(they sum to .*\): add a softmax"
    ):
        imported(FIELD / "sigmoid.h5", tmp_path)


def test_logits_are_refused_too() -> None:
    import keras

    source = keras.Input((20, 9))
    logits = keras.Model(source, keras.layers.Dense(4)(keras.layers.LSTM(8)(source)))
    with pytest.raises(KerasFileError, match=r"no probabilities \(they sum to .*\): add a softmax"):
        compare(logits, b"", WindowSpec(), lambda _done: None)  # as an import does


def test_a_model_that_mixes_patients_is_refused(tmp_path: Path) -> None:
    import keras

    source = keras.Input((20, 9))
    states = keras.layers.LSTM(8)(source)
    target = keras.layers.Dense(4, activation="softmax")(keras.ops.concatenate([states, states], axis=0))
    keras.Model(source, target).save(tmp_path / "mixed.keras")
    with pytest.raises(KerasFileError, match="gives 512 answers for 256 windows: one layer mixes patients"):
        imported(tmp_path / "mixed.keras", tmp_path)


def keras_2(recurrent: Callable[[Any], Any]) -> Any:
    """Build a model of Keras 2 around what gives (batch, units)."""
    import tf_keras

    tf_keras.utils.set_random_seed(7)
    source = tf_keras.Input((20, 9))
    return tf_keras.Model(source, tf_keras.layers.Dense(4, activation="softmax")(recurrent(source)))


@pytest.mark.parametrize(("card", "plain"), [("CuDNNLSTM", "LSTM"), ("CuDNNGRU", "GRU")])
def test_a_model_of_cudnn_answers_as_the_plain_one_with_the_same_weights(tmp_path: Path, card: str, plain: str) -> None:
    from tf_keras.src import layers

    twin = keras_2(getattr(layers, plain)(8))
    twin.save_weights(tmp_path / "weights.h5")
    made = keras_2(getattr(layers, card)(8))  # only a graphics card can run it
    made.load_weights(tmp_path / "weights.h5")
    made.save(tmp_path / "cudnn.h5")
    file = KerasFile.inspect(tmp_path / "cudnn.h5", private(tmp_path))
    spec = WindowSpec()
    scaled = np.stack([spec.scale(window) for window in random_walks(spec)[:8]]).astype(np.float32)
    answered, wanted = (model(scaled, training=False) for model in (load(file), twin))
    np.testing.assert_allclose(answered, wanted, atol=1e-5)
    assert file.changes == (f"{card} as {plain}",)


def test_time_major_recurrence_is_imported(tmp_path: Path) -> None:
    import tensorflow as tf
    import tf_keras

    major = tf_keras.layers.LSTM(8, time_major=True, return_sequences=True)
    keras_2(lambda source: major(tf.transpose(source, [1, 0, 2]))[-1]).save(tmp_path / "major.h5")
    assert imported(tmp_path / "major.h5", tmp_path).manifest.parity["largest_difference"] < 1e-5


def _attention_2(layers: Any, source: Any) -> Any:
    import tensorflow as tf

    states = layers.LSTM(8, return_sequences=True)(source)
    weights = tf.nn.softmax(tf.reduce_sum(states * states, axis=-1))
    return tf.reduce_sum(states * tf.expand_dims(weights, -1), axis=1)


def _attention_3(layers: Any, source: Any) -> Any:
    from keras import ops

    states = layers.LSTM(8, return_sequences=True)(source)
    weights = ops.softmax(ops.sum(states * states, axis=-1) / 2, axis=-1)
    return ops.concatenate([ops.sum(states * ops.expand_dims(weights, -1), axis=1), ops.max(states, axis=1)], axis=-1)


def test_attention_by_functions_of_tensorflow_is_imported(tmp_path: Path) -> None:
    import tf_keras

    keras_2(lambda source: _attention_2(tf_keras.layers, source)).save(tmp_path / "attention.h5")
    assert imported(tmp_path / "attention.h5", tmp_path).manifest.parity["largest_difference"] < 1e-5


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_float16", "mixed_bfloat16"])
def test_attention_by_operations_of_keras_3_is_imported_in_every_number_format(tmp_path: Path, policy: str) -> None:
    import keras

    keras.config.set_dtype_policy(policy)
    try:
        source = keras.Input((20, 9))
        target = keras.layers.Dense(4, activation="softmax", dtype="float32")(_attention_3(keras.layers, source))
        keras.Model(source, target).save(tmp_path / "attention.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    assert imported(tmp_path / "attention.keras", tmp_path).manifest.parity["largest_difference"] < 1e-5
