"""What a saved model may name: Keras' own layers, parts and functions, which are data. All else may be code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
