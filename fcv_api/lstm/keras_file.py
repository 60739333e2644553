"""Look into a Keras file before anything in it is deserialised. Needs h5py, and no Keras.

A saved model is a program: Lambda layers hold Python bytecode, and a class or function is named by module and
name. So only names from the lists below pass; what else there is, is refused without being loaded.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson

HDF5, ZIP, PICKLE = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x80"
MODELS = {"Sequential", "Functional", "Model"}
ZIPPED = ".keras"
MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
LARGEST_MODEL = 1024**3  # bytes

# The last line is what Keras 3 puts in for masks.
LAYERS = frozenset(
    """
    Activation Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D BatchNormalization
    Bidirectional Concatenate Conv1D Cropping1D Dense Dot Dropout ELU Flatten Functional GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalMaxPooling1D GroupQueryAttention InputLayer LSTM
    LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D Maximum Minimum Model MultiHeadAttention Multiply
    Normalization PReLU Permute RNN ReLU RepeatVector Reshape Sequential SeparableConv1D SimpleRNN SimpleRNNCell
    Softmax SpatialDropout1D Subtract TimeDistributed UnitNormalization UpSampling1D ZeroPadding1D
    Any Cast Equal ExpandDims LogicalAnd LogicalNot LogicalOr NotEqual Squeeze
    """.split()  # noqa: SIM905 - a list of lines is easier to read
)
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

    name: str
    sha256: str
    keras_version: str
    path: Path
    """A private copy of the bytes that were looked at, with the ending that makes Keras read them as we did."""

    @property
    def keras_major(self) -> int:
        """Which Keras can load it: 2 or 3."""
        return int(self.keras_version.split(".")[0])

    @classmethod
    def inspect(cls, path: Path, private: Path) -> KerasFile:
        """Read a file's own words about itself. private: an empty folder of our own. Raises KerasFileError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise KerasFileError(f"{path}: {error.strerror}.") from None
        if not content:
            raise KerasFileError(f"{path} is empty.")
        copy = private / f"model{_ending(path, content)}"
        copy.write_bytes(content)
        try:
            version, config = (_read_zip if copy.suffix == ZIPPED else _read_hdf5)(copy, path)
            _check_whole(path, config)
        except RecursionError:
            raise KerasFileError(f"{path} is nested too deeply.") from None
        if version.split(".")[0] not in ("2", "3"):
            raise KerasFileError(f"{path} was written by Keras {version}; 2.x and 3.x can be imported.")
        return cls(path.name, hashlib.sha256(content).hexdigest(), version, copy)


def _ending(path: Path, content: bytes) -> str:
    """Choose by what the file is, not by its name, and so that Keras reads as one what was looked at as one."""
    zipped = zipfile.is_zipfile(BytesIO(content))
    if content.startswith(HDF5) and not zipped:
        return ".h5"
    if content.startswith(ZIP) and zipped:
        return ZIPPED
    if content.startswith(PICKLE):
        raise KerasFileError(f"{path} is a Python pickle, which is code.")
    if zipped:
        raise KerasFileError(f"{path} has an archive at its end, which a Keras model has not.")
    whole = "a whole" if content.startswith(ZIP) else "an HDF5 file or a"
    raise KerasFileError(f"{path} is not {whole} .keras archive.")


def _check_whole(path: Path, config: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse a configuration that is not one of a model of known layers. Raises KerasFileError."""
    if not (isinstance(config, dict) and config.get("class_name") in MODELS and "config" in config):
        raise KerasFileError(f"{path} does not describe a Keras model.")
    check_names(config)


def _read_zip(copy: Path, path: Path) -> tuple[str, Any]:
    """Read a `.keras` archive's version and configuration. Its checksums tell a flipped bit."""
    try:
        with zipfile.ZipFile(copy) as archive:
            _check_members(path, archive)
            metadata = orjson.loads(archive.read("metadata.json"))
            config = orjson.loads(archive.read("config.json"))
            archive.read("model.weights.h5")
            config.pop("compile_config", None)  # the optimiser and the losses, which are not loaded
            return str(metadata["keras_version"]), config
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error, OSError) as error:
        raise KerasFileError(f"{path} is not a whole .keras archive: {error}.") from None


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that holds anything but the three files of a Keras model, or more than it should."""
    odd = sorted(set(archive.namelist()) - MEMBERS)
    if odd or len(archive.namelist()) > len(MEMBERS):
        raise KerasFileError(f"{path} holds {odd or 'a member twice'}, which a Keras model does not.")
    if sum(member.file_size for member in archive.infolist()) > LARGEST_MODEL:
        raise KerasFileError(f"{path} unpacks to more than {LARGEST_MODEL} bytes.")


def _read_hdf5(copy: Path, path: Path) -> tuple[str, Any]:
    """Read an `.h5` file's version and configuration."""
    import h5py  # only the `train` extra carries it

    try:
        with h5py.File(copy) as file:
            if "model_config" not in file.attrs:
                raise KerasFileError(f"{path} holds weights without a model; save it with model.save().")
            if _leads_outside(h5py, file):
                raise KerasFileError(f"{path} refers to another file, which a Keras model does not.")
            return _text(file.attrs["keras_version"]), orjson.loads(_text(file.attrs["model_config"]))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise KerasFileError(f"{path} is not a whole Keras file: {error}.") from None


def _leads_outside(h5py: Any, group: Any) -> bool:  # noqa: ANN401 - h5py ships no types
    """Tell whether anything in an HDF5 group lies in another file: a link, or a dataset's storage."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
            return True
        node = group[name]
        if isinstance(node, h5py.Group) and _leads_outside(h5py, node):
            return True
        if isinstance(node, h5py.Dataset) and (node.external or node.is_virtual):
            return True
    return False


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
    if not isinstance(node.get("config"), str) or node["config"] not in FUNCTIONS:
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
