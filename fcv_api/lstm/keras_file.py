"""Look into a Keras file before anything in it is deserialised. Needs h5py, and no Keras.

A saved model is a program: Lambda layers hold Python bytecode, and a class or function is named by module and
name. So only names from the lists below pass; what else there is, is refused without being loaded.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAYERS = frozenset(
    """
    Activation Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D BatchNormalization
    Bidirectional Concatenate Conv1D Cropping1D Dense Dot Dropout ELU Flatten Functional GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalMaxPooling1D GroupQueryAttention InputLayer LSTM
    LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D Maximum Minimum Model MultiHeadAttention Multiply
    Normalization PReLU Permute RNN ReLU RepeatVector Reshape Sequential SeparableConv1D SimpleRNN SimpleRNNCell
    Softmax SpatialDropout1D Subtract TimeDistributed UnitNormalization UpSampling1D ZeroPadding1D
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)
# What a layer's own settings name: initialisers, regularisers, constraints and number types.
PARTS = frozenset(
    """
    Constant DTypePolicy Policy GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform
    Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros L1 L1L2 L2
    OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm __tensor__ __keras_tensor__
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)
FUNCTIONS = frozenset(
    """
    elu exponential gelu hard_sigmoid leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax
    softplus softsign swish tanh
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)


class KerasFileError(Exception):
    """A Keras file cannot be imported, as one sentence that names the cause."""


@dataclass(frozen=True, slots=True)
class KerasFile:
    """A Keras file that names nothing but known layers."""

    path: Path
    sha256: str
    keras_version: str

    @property
    def keras_major(self) -> int:
        """Which Keras can load it: 2 or 3."""
        return int(self.keras_version.split(".")[0])

    @classmethod
    def inspect(cls, path: Path) -> KerasFile:
        """Read a file's own words about itself. Raises KerasFileError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise KerasFileError(f"{path}: {error.strerror}.") from None
        if not content:
            raise KerasFileError(f"{path} is empty.")
        version, config = _read_zip(path) if zipfile.is_zipfile(path) else _read_hdf5(path)
        if version.split(".")[0] not in ("2", "3"):
            raise KerasFileError(f"{path} was written by Keras {version}; 2.x and 3.x can be imported.")
        check_names(config)
        return cls(path, hashlib.sha256(content).hexdigest(), version)


def _read_zip(path: Path) -> tuple[str, Any]:
    """Read a `.keras` archive's version and configuration."""
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = json.loads(archive.read("metadata.json"))
            return str(metadata["keras_version"]), json.loads(archive.read("config.json"))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise KerasFileError(f"{path} is not a whole .keras archive: {error}.") from None


def _read_hdf5(path: Path) -> tuple[str, Any]:
    """Read an `.h5` file's version and configuration."""
    import h5py  # only the `train` extra carries it

    try:
        with h5py.File(path) as file:
            if "model_config" not in file.attrs:
                raise KerasFileError(f"{path} holds weights without a model; save it with model.save().")
            return _text(file.attrs["keras_version"]), json.loads(_text(file.attrs["model_config"]))
    except (OSError, KeyError, ValueError) as error:
        raise KerasFileError(f"{path} is not a whole Keras file: {error}.") from None


def _text(attribute: str | bytes) -> str:
    return attribute.decode() if isinstance(attribute, bytes) else str(attribute)


def check_names(config: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse a configuration that names anything but known layers, parts and functions. Raises KerasFileError."""
    for node in _objects(config):
        name = str(node["class_name"])
        if "Lambda" in name:
            raise KerasFileError(f"The model holds a {name} layer, which is code; loading it would run it.")
        if name == "function":
            _check_function(node)
        elif name not in LAYERS | PARTS or node.get("registered_name") not in (None, name):
            raise KerasFileError(f"The model names {name!r}, which is not one of Keras' own layers known here.")
        if str(node.get("module") or "keras").split(".")[0] not in ("keras", "builtins", "tf_keras"):
            raise KerasFileError(f"The model takes {name!r} from the module {node['module']!r}, not from Keras.")


def _check_function(node: dict[str, Any]) -> None:
    if node.get("config") not in FUNCTIONS:
        raise KerasFileError(f"The model names the function {node.get('config')!r}, which is not one of Keras' own.")


def _objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Walk all objects of a configuration that name a class."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield node
        for child in node.values():
            yield from _objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _objects(child)
