"""What a saved model may name: what is data in Keras 2 and 3. All else may be code, and is refused unloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fcv_api.lstm import keras_table

REFUSED = {
    "code": {"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"},
    "another file": {"TFSMLayer", "TextVectorization", "StringLookup", "IntegerLookup"},
    "a function": {*("AssociativeScan", "Cond", "ForiLoop", "Function", "JVP", "Map"), *("Scan", "Switch", "WhileLoop")}
    | {"VectorizedMap", "deserialize", "get", "serialize"},
    "no layer": {"Layer", "DenseFeatures"},
}
"""Keras' own names that are not in `keras_table.py`, by what they hold or read."""
CONTAINERS = {"Functional", "Model", "Sequential", "BatchNormalizationV1", "BatchNormalizationV2"}
VALUES = {"DTypePolicy", "Policy", "__keras_tensor__", "__tensor__", "__numpy__", "__slice__", "__ellipsis__"}
NAMES = keras_table.LAYERS | keras_table.PARTS | CONTAINERS | VALUES
OPERATIONS_IN = "keras.src.ops."
"""The modules whose operations may be named. Keras 3 puts some in by itself, for masks and for `x[:, -1, :]`."""
FUNCTION_LAYERS = ("TFOpLambda", "SlicingOpLambda")
"""Layers of Keras 2 that call a function of TensorFlow by its name."""
COMPAT = "compat.v1."


class KerasFileError(Exception):
    """A Keras file cannot be imported, as one sentence that names the cause."""


def check_names(config: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse a configuration that names anything but what is data. Raises KerasFileError."""
    for node in objects(config):
        name, module = str(node["class_name"]), str(node.get("module") or "keras")
        if name in FUNCTION_LAYERS:
            _check_tensorflow(name, node)
        elif "Lambda" in name:
            raise KerasFileError(f"The model holds a {name} layer, which is code; loading it would run it.")
        elif name == "function":
            _check_function(node)
        elif name in keras_table.OPERATIONS - NAMES and "module" not in node:
            raise KerasFileError(f"Keras 3 cannot load its own operation {name!r} from an .h5 file; save it as .keras.")
        elif not _is_known(name, module) or node.get("registered_name") not in (None, name):
            raise KerasFileError(f"The model names {name!r}, which is not one of Keras' own layers known here.")
        if module.split(".", maxsplit=1)[0] not in ("keras", "builtins", "tf_keras"):
            raise KerasFileError(f"The model takes {name!r} from the module {node['module']!r}, not from Keras.")


def _is_known(name: str, module: str) -> bool:
    return name in NAMES or (module.startswith(OPERATIONS_IN) and name in keras_table.OPERATIONS)


def _check_tensorflow(name: str, node: dict[str, Any]) -> None:
    config = node.get("config")
    function = str(config.get("function")) if isinstance(config, dict) else "None"
    if function.removeprefix(COMPAT) not in keras_table.TENSORFLOW:
        raise KerasFileError(
            f"The model holds a {name} layer that calls tf.{function}, which may do more than compute; "
            "use a layer of Keras instead."
        )


def _check_function(node: dict[str, Any]) -> None:
    if not isinstance(node.get("config"), str) or node["config"] not in keras_table.FUNCTIONS:
        raise KerasFileError(f"The model names the function {node.get('config')!r}, which is not one of Keras' own.")


def objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Walk all objects of a configuration that name a class."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for child in node.values():
            yield from objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from objects(child)
