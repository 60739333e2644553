"""Change a model's configuration to one that LiteRT can express and that computes the same, or refuse it."""

from __future__ import annotations

from typing import Any

from fcv_api.lstm.keras_names import KerasFileError, objects

SERVED = "float32"
FORMATS = {"float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"}
POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1")
# Layers of a graphics card's own library, and what computes the same. Keras 2 converts the weights when it reads them.
CUDNN: dict[str, tuple[str, dict[str, Any]]] = {
    "CuDNNLSTM": ("LSTM", {"activation": "tanh", "recurrent_activation": "sigmoid"}),
    "CuDNNGRU": ("GRU", {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}),
}


def for_serving(config: Any) -> tuple[Any, list[str]]:  # noqa: ANN401 - any JSON
    """Return a configuration that can be served, and in words what was changed. Raises KerasFileError."""
    changes: set[str] = set()
    changed = _changed(config, changes)
    for node in objects(changed):
        own = node.get("config")
        if isinstance(own, dict) and own.get("stateful") is True:
            raise KerasFileError(
                f"The layer {own.get('name')!r} is stateful: it would carry one patient's state into the next window. "
                "Save the model with stateful=False."
            )
    return changed, sorted(changes)


def _changed(node: Any, changes: set[str]) -> Any:  # noqa: ANN401
    """Return a copy with float32 for every other number format, and plain layers for CuDNN's. changes: is added to."""
    if isinstance(node, list):
        return [_changed(child, changes) for child in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _changed(child, changes) for key, child in node.items()}
    if (name := copy.get("class_name")) in CUDNN and isinstance(copy.get("config"), dict):
        copy |= _plain(name, copy["config"], changes)
    if "dtype" in copy and (found := _format(copy["dtype"])) in FORMATS:
        changes.add(f"{found} as {SERVED}")
        copy["dtype"] = SERVED
    return copy


def _plain(name: str, config: dict[str, Any], changes: set[str]) -> dict[str, Any]:
    """Return what stands for a layer of CuDNN's."""
    plain, added = CUDNN[name]
    changes.add(f"{name} as {plain}")
    return {"class_name": plain, "config": config | added}


def _format(dtype: Any) -> str | None:  # noqa: ANN401
    """Return a number format's name, from the name itself or from a policy."""
    if isinstance(dtype, dict) and dtype.get("class_name") in POLICIES and isinstance(dtype.get("config"), dict):
        dtype = dtype["config"].get("name")
    return dtype if isinstance(dtype, str) else None
