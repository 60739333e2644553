"""Keras in, LiteRT out: convert a model, compare it with Keras, and describe it.

TensorFlow is imported here, inside functions, and nowhere in serving: it costs 640 MB and hangs after a fork.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import Evidence, State
from fcv_api.domain.vitals import SIGN_NAMES, SIGNS
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.artifact import Artifact, GoldenWindow, Manifest
from fcv_api.lstm.keras_file import KerasFile, KerasFileError
from fcv_api.lstm.runtime import LiteRtModel, bind

PARITY_WINDOWS = 256
PARITY_LIMIT = 1e-5
GOLDEN_WINDOWS = 4
STEP_MINUTES = 5.0
CLASSES = (State.CARDIAC_ARREST, State.LOW_CARDIAC_OUTPUT, State.NONE_OF_THESE, State.CARDIOGENIC_SHOCK)
# Where the random walks begin and how far they go in a step: plausible values in the signs' own units, so that
# parity is measured where the model works. By the order of `vitals.SIGNS`.
WALK_START = (1.5, 85.0, 2.0, 168.0, 70.0, 85.0, 96.0, 36.8, 18.0)
WALK_STEP = (0.2, 3.0, 1.0, 0.0, 0.0, 3.0, 0.8, 0.05, 1.0)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What whoever imports a model says of it."""

    name: str
    version: str
    evidence: Evidence
    card: str


def import_model(file: KerasFile, request: ImportRequest, say: Callable[[str], None]) -> Artifact:
    """Convert a Keras file and prove that the result computes the same. Raises KerasFileError.

    say: is told each step as it begins.
    """
    say(f"Loading {file.path.name} (Keras {file.keras_version})")
    keras_model = _load(file)
    _check_shapes(keras_model)
    spec = WindowSpec(instants=int(keras_model.input_shape[1]), step_minutes=STEP_MINUTES)
    say("Converting to LiteRT")
    flatbuffer = _convert(keras_model, spec)
    say(f"Comparing {PARITY_WINDOWS} windows with Keras")
    comparison = _compare(keras_model, flatbuffer, spec)
    manifest = _describe(file, request, spec, comparison)
    artifact = Artifact(replace(manifest, sha256=hashlib.sha256(flatbuffer).hexdigest()), flatbuffer)
    LiteRtModel(artifact)  # runs the golden windows
    return artifact


def _load(file: KerasFile) -> Any:  # noqa: ANN401 - a model of either Keras
    """Load the model by the Keras that wrote it: Keras 3 refuses the `time_major` of Keras 2's files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        if file.keras_major == 2:  # noqa: PLR2004
            import tf_keras as keras  # TensorFlow stays out of serving
        else:
            import keras  # TensorFlow stays out of serving
        return keras.models.load_model(file.path, compile=False)
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - TensorFlow raises whatever it likes
        raise KerasFileError(f"Keras cannot load {file.path}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _check_shapes(model: Any) -> None:  # noqa: ANN401
    """Refuse what does not read windows of the nine signs or give the four states."""
    source, target = model.input_shape, model.output_shape
    fits = isinstance(source, tuple) and isinstance(target, tuple)
    fits = fits and len(source) == 3 and source[1] and source[2] == len(SIGNS)  # noqa: PLR2004
    if not (fits and target[1:] == (len(State),)):
        raise KerasFileError(
            f"The model reads {source} and gives {target}; "
            f"needed are (None, 20, {len(SIGNS)}), or another number of instants, and (None, {len(State)})."
        )


def _convert(model: Any, spec: WindowSpec) -> bytes:  # noqa: ANN401
    """Convert with a fixed batch of one and frozen variables: otherwise the interpreter may answer NaN."""
    import tensorflow as tf  # TensorFlow stays out of serving
    from tensorflow.python.framework.convert_to_constants import (  # the public converter leaves variables in
        convert_variables_to_constants_v2,
    )

    signature = tf.TensorSpec((1, spec.instants, len(SIGNS)), tf.float32)
    function = tf.function(lambda window: model(window, training=False), input_signature=[signature])
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    try:
        flatbuffer: bytes = tf.lite.TFLiteConverter.from_concrete_functions([frozen], None).convert()
    except Exception as error:  # noqa: BLE001 - TensorFlow raises whatever it likes
        raise KerasFileError(f"LiteRT cannot express this model: {_first_line(error)}") from None
    return flatbuffer


def random_walks(instants: int) -> NDArray[np.float64]:
    """Make windows to compare on, (256, instants, 9), in the signs' own units. The same ones every time."""
    generator = np.random.default_rng(20_240_613)
    steps = generator.normal(size=(PARITY_WINDOWS, instants, len(SIGNS))) * WALK_STEP
    walks: NDArray[np.float64] = np.round(np.maximum(np.array(WALK_START) + steps.cumsum(axis=1), 0.0), 2)
    return walks


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """raw: (256, instants, 9). wanted: (256, 4), Keras' outputs. largest: the largest difference to LiteRT's."""

    raw: NDArray[np.float64]
    wanted: Matrix
    largest: float


def _compare(model: Any, flatbuffer: bytes, spec: WindowSpec) -> Comparison:  # noqa: ANN401
    """Score every window twice. Raises KerasFileError when LiteRT differs from Keras by the limit or in a state."""
    raw = random_walks(spec.instants)
    scaled = np.stack([spec.scale(window) for window in raw])
    wanted = np.asarray(model.predict(scaled.astype(np.float32), verbose=0), dtype=np.float64)
    bound = bind(flatbuffer)
    got = np.stack([bound.invoke(window) for window in scaled])
    largest = float(np.abs(got - wanted).max())
    if not largest < PARITY_LIMIT:  # true for NaN
        raise KerasFileError(f"LiteRT differs from Keras by {largest:.1e}; at most {PARITY_LIMIT:.0e} is allowed.")
    if (got.argmax(axis=1) != wanted.argmax(axis=1)).any():
        raise KerasFileError("LiteRT gives another state than Keras for one of the compared windows.")
    return Comparison(raw, wanted, largest)


def _describe(file: KerasFile, request: ImportRequest, spec: WindowSpec, comparison: Comparison) -> Manifest:
    raw, wanted = comparison.raw[:GOLDEN_WINDOWS].tolist(), comparison.wanted[:GOLDEN_WINDOWS].tolist()
    return Manifest(
        name=request.name,
        version=request.version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256="",  # the flatbuffer's, once the two are put together
        source={"file": file.path.name, "sha256": file.sha256, "keras_version": file.keras_version},
        input_shape=(spec.instants, len(SIGNS)),
        step_minutes=spec.step_minutes,
        signs=SIGN_NAMES,
        scaling={"kind": "window"},
        classes=CLASSES,
        horizon_minutes=None,
        evidence=request.evidence,
        parity={"windows": PARITY_WINDOWS, "largest_difference": comparison.largest, "limit": PARITY_LIMIT},
        golden=tuple(GoldenWindow(*window) for window in zip(raw, wanted, strict=True)),
        card=request.card,
    )
