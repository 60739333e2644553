"""Does LiteRT compute what Keras computes? Asked over 256 windows, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.lstm.outputs import complaint
from fcv_api.lstm.runtime import bind

PARITY_WINDOWS = 256
PARITY_LIMIT = 1e-5
# Where the random walks begin and how far they go in a step: plausible values in the signs' own units, so that
# parity is measured where the model works.
WALKS = {
    "MDC_BLD_PERF_INDEX": (1.5, 0.2),
    "MDC_ECG_HEART_RATE": (85.0, 3.0),
    "MDC_ECG_V_P_C_RATE": (2.0, 1.0),
    "MDC_LEN_BODY_ACTUAL": (168.0, 0.0),
    "MDC_MASS_BODY_ACTUAL": (70.0, 0.0),
    "MDC_PULS_OXIM_PULS_RATE": (85.0, 3.0),
    "MDC_PULS_OXIM_SAT_O2": (96.0, 0.8),
    "MDC_TEMP": (36.8, 0.05),
    "MDC_TTHOR_RESP_RATE": (18.0, 1.0),
}
Outputs = Callable[[NDArray[np.float32]], Matrix]


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """raw: (256, instants, 9). wanted: (256, 4), Keras' outputs. largest: the largest difference to LiteRT's.

    limit: what it had to stay below, and `rule` why.
    """

    raw: NDArray[np.float64]
    wanted: Matrix
    largest: float
    limit: float
    rule: str

    def summary(self) -> dict[str, Any]:
        """Return it as a manifest writes it."""
        windows = len(self.raw)
        return {"windows": windows, "largest_difference": self.largest, "limit": self.limit, "rule": self.rule}


def compare(model: Any, flatbuffer: bytes, spec: WindowSpec, report: Callable[[int], None]) -> Parity:  # noqa: ANN401
    """Score every window twice. Raises KerasFileError when LiteRT differs from Keras by the limit or in a state.

    And when Keras' outputs are no probabilities: the service would refuse every answer.

    report: is called with how many windows are done.
    """
    raw = random_walks(spec)
    scaled = np.stack([spec.scale(window) for window in raw]).astype(np.float32)
    wanted = _keras_outputs(model)(scaled)
    if len(wanted) != len(scaled):
        raise KerasFileError(
            f"The model gives {len(wanted)} answers for {len(scaled)} windows: one layer mixes patients."
        )
    if refused := complaint(wanted):
        raise KerasFileError(f"The model {refused}.")
    got = _litert_outputs(flatbuffer, scaled, report)
    largest = float(np.abs(got - wanted).max())
    limit, rule = PARITY_LIMIT, "1e-5"
    if largest >= PARITY_LIMIT:  # false for NaN
        limit, rule = 2 * _own_difference(model, scaled, wanted), "twice Keras' own difference"
    if not largest < max(limit, PARITY_LIMIT):
        raise KerasFileError(f"LiteRT differs from Keras by {largest:.1e}; at most {limit:.1e} is allowed ({rule}).")
    if (got.argmax(axis=1) != wanted.argmax(axis=1)).any():
        raise KerasFileError("LiteRT gives another state than Keras for one of the compared windows.")
    return Parity(raw, wanted, largest, limit, rule)


def random_walks(spec: WindowSpec) -> NDArray[np.float64]:
    """Make windows to compare on, (256, instants, 9), in the signs' own units. The same ones every time."""
    generator = np.random.default_rng(20_240_613)
    start, step = np.array([WALKS[name] for name in SIGN_NAMES]).T
    steps = generator.normal(size=(PARITY_WINDOWS, spec.instants, len(SIGN_NAMES))) * step
    walks: NDArray[np.float64] = np.round(np.maximum(start + steps.cumsum(axis=1), 0.0), 2)
    return walks[:, :, [SIGN_NAMES.index(name) for name in spec.signs]]


def _keras_outputs(model: Any) -> Outputs:  # noqa: ANN401
    return lambda scaled: np.asarray(model.predict(scaled, verbose=0), dtype=np.float64)


def _litert_outputs(flatbuffer: bytes, scaled: NDArray[np.float32], report: Callable[[int], None]) -> Matrix:
    bound, got = bind(flatbuffer), []
    for done, window in enumerate(scaled, start=1):
        got.append(bound.invoke(window))
        report(done)
    return np.stack(got)


def _own_difference(model: Any, scaled: NDArray[np.float32], wanted: Matrix) -> float:  # noqa: ANN401
    """How far Keras is from itself, one window at a time or in float64: a steep model makes much of rounding."""
    singly = np.concatenate([np.asarray(model(window[np.newaxis], training=False)) for window in scaled])
    exact = _keras_outputs(_in_float64(model))(scaled)
    return float(max(np.abs(singly - wanted).max(), np.abs(exact - wanted).max()))


def _in_float64(model: Any) -> Any:  # noqa: ANN401
    """Build the same model in float64, by the Keras that it belongs to."""
    if type(model).__module__.startswith("tf_keras"):
        import tf_keras as keras  # TensorFlow stays out of serving
    else:
        import keras  # TensorFlow stays out of serving
    exact = keras.models.model_from_json(model.to_json().replace('"float32"', '"float64"'))
    exact.set_weights(model.get_weights())
    return exact


def largest_difference(one: Artifact, other: Artifact) -> float:
    """Score the windows with two models. Raises KerasFileError when they differ by more than parity allows."""
    if one.manifest.input_shape != other.manifest.input_shape:
        raise KerasFileError(f"The Keras file reads {one.manifest.input_shape}, {other.manifest.identity} does not.")
    spec = one.manifest.spec
    scaled = np.stack([spec.scale(window) for window in random_walks(spec)]).astype(np.float32)
    outputs = [_litert_outputs(each.flatbuffer, scaled, lambda _done: None) for each in (one, other)]
    largest = float(np.abs(outputs[0] - outputs[1]).max())
    if not largest < max(float(other.manifest.parity["limit"]), PARITY_LIMIT):
        raise KerasFileError(f"{other.manifest.identity} differs from the Keras file by {largest:.1e}.")
    return largest
