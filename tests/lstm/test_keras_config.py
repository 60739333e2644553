"""What is changed in a configuration before Keras reads it, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from fcv_api.lstm.keras_config import for_serving
from fcv_api.lstm.keras_names import KerasFileError


def layer(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "config": {"name": "it", **config}}


def policy(name: str, kind: str = "DTypePolicy") -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name}}


@pytest.mark.parametrize(
    "dtype",
    [
        *("float64", "float16", "mixed_float16", "mixed_bfloat16"),
        *(policy("mixed_float16"), policy("float64", "Policy"), policy("mixed_float16", "PolicyV1")),
    ],
    ids=str,
)
def test_every_other_number_format_becomes_float32(dtype: Any) -> None:
    changed, told = for_serving({"layers": [layer("Dense", dtype=dtype)]})
    assert changed["layers"][0]["config"]["dtype"] == "float32"
    assert len(told) == 1
    assert told[0].endswith(" as float32")


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", policy("float32"), None], ids=str)
def test_what_needs_no_change_is_left_as_it_is(dtype: Any) -> None:
    config = {"layers": [layer("Dense", dtype=dtype)]}
    assert for_serving(config) == (config, [])


@pytest.mark.parametrize(("card", "plain"), [("CuDNNLSTM", "LSTM"), ("CuDNNGRU", "GRU")])
def test_a_layer_of_cudnn_becomes_the_plain_one_also_inside_another(card: str, plain: str) -> None:
    changed, told = for_serving(layer("Bidirectional", layer=layer(card, units=8)))
    inner = changed["config"]["layer"]
    assert (inner["class_name"], inner["config"]["recurrent_activation"]) == (plain, "sigmoid")
    assert told == [f"{card} as {plain}"]


def test_a_stateful_layer_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        KerasFileError, match=r"'it' is stateful: it would carry .* Save the model with stateful=False\."
    ):
        for_serving({"layers": [layer("LSTM", stateful=True)]})
