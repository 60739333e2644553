"""Keras in, LiteRT out: convert a model, compare it with Keras, and describe it.

Runs in a process of its own (`import_child.py`). TensorFlow is imported here, inside functions, and nowhere in
serving: it costs 640 MB and hangs after a fork.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from fcv_api.domain.evidence import Evidence
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGNS
from fcv_api.lstm.artifact import Artifact, GoldenWindow, Manifest
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.lstm.parity import PARITY_WINDOWS, Parity, compare
from fcv_api.lstm.runtime import LiteRtModel

GOLDEN_WINDOWS = 4
LARGEST_FLATBUFFER = 64 * 1024 * 1024  # bytes: a copy of every activated model is kept in the database

Report = Callable[[str, int], None]
"""Is called with what is being done, and how many of `STEPS` are done."""
STEPS = 4 + PARITY_WINDOWS


def import_model(file: KerasFile, request: ImportRequest, report: Report) -> Artifact:
    """Convert a Keras file and prove that the result computes the same. Raises KerasFileError."""
    report(f"Loading {file.name} (Keras {file.keras_version})", 1)
    model = load(file)
    _check_shapes(model)
    _check_weights(model)
    report("Converting to LiteRT", 2)
    manifest = _describe(file, request, int(model.input_shape[1]))
    flatbuffer = _convert(model, manifest.input_shape)
    parity = compare(model, flatbuffer, manifest.spec, lambda done: report("Comparing with Keras", 3 + done))
    artifact = Artifact(_complete(manifest, flatbuffer, parity), flatbuffer)
    report("Running the golden windows", STEPS)
    LiteRtModel(artifact)
    return artifact


def load(file: KerasFile) -> Any:  # noqa: ANN401 - a model of either Keras
    """Load the model by the Keras that wrote it: Keras 3 refuses the `time_major` of Keras 2's files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        if file.keras_major == 2:  # noqa: PLR2004
            import tf_keras as keras  # TensorFlow stays out of serving
        else:
            import keras  # TensorFlow stays out of serving
        return keras.models.load_model(file.path, compile=False, safe_mode=True)
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - TensorFlow raises whatever it likes
        raise KerasFileError(f"Keras cannot load {file.name}: {_first_line(error)}") from None


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


def _check_weights(model: Any) -> None:  # noqa: ANN401
    """Refuse weights that are no numbers, by the layer's name."""
    for layer in model.layers:
        if not all(np.isfinite(weights).all() for weights in layer.get_weights()):
            raise KerasFileError(f"The weights of the layer {layer.name!r} hold NaN or infinity.")


def _convert(model: Any, input_shape: tuple[int, int]) -> bytes:  # noqa: ANN401
    """Convert with a fixed batch of one and frozen variables: otherwise the interpreter may answer NaN."""
    import tensorflow as tf  # TensorFlow stays out of serving
    from tensorflow.python.framework.convert_to_constants import (  # the public converter leaves variables in
        convert_variables_to_constants_v2,
    )

    signature = tf.TensorSpec((1, *input_shape), tf.float32)
    function = tf.function(lambda window: model(window, training=False), input_signature=[signature])
    try:
        frozen = convert_variables_to_constants_v2(function.get_concrete_function())
        flatbuffer: bytes = tf.lite.TFLiteConverter.from_concrete_functions([frozen], None).convert()
    except Exception as error:  # noqa: BLE001 - TensorFlow raises whatever it likes
        raise KerasFileError(f"LiteRT cannot express this model: {_first_line(error)}") from None
    if len(flatbuffer) > LARGEST_FLATBUFFER:
        raise KerasFileError(f"The model has {len(flatbuffer)} bytes; at most {LARGEST_FLATBUFFER} can be served.")
    return flatbuffer


def _describe(file: KerasFile, request: ImportRequest, instants: int) -> Manifest:
    """Build the manifest of what is not converted yet."""
    return Manifest(
        name=request.name,
        version=request.version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256="",
        source={"file": file.name, "sha256": file.sha256, "keras_version": file.keras_version} | _changes(file),
        input_shape=(instants, len(SIGNS)),
        step_minutes=request.step_minutes,
        signs=request.signs,
        scaling=request.scaling or {"kind": "window"},
        classes=request.classes,
        horizon_minutes=request.horizon_minutes,
        evidence=Evidence.UNVALIDATED,
        parity={},
        golden=(),
        card=request.card,
        assumed=request.assumed,
        trained_on=request.trained_on,
        sampling=None if request.sampling is Sampling.LAST else request.sampling,  # the version before reads it then
    )


def _changes(file: KerasFile) -> dict[str, str]:
    return {"changed": ", ".join(file.changes)} if file.changes else {}


def _complete(manifest: Manifest, flatbuffer: bytes, parity: Parity) -> Manifest:
    windows = zip(parity.raw[:GOLDEN_WINDOWS].tolist(), parity.wanted[:GOLDEN_WINDOWS].tolist(), strict=True)
    return replace(
        manifest,
        sha256=hashlib.sha256(flatbuffer).hexdigest(),
        parity=parity.summary(),
        golden=tuple(GoldenWindow(*window) for window in windows),
    )
