"""The model that all contenders serve, in its two forms, and how its four numbers are answered.

`lstm_relu_keras2.h5` is the architecture of the thesis: LSTM of 50 units with relu, then Dense with softmax. Its
weights are random. `model.tflite` was imported from that very file by `fcv model import`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIXTURES = Path(__file__).parents[3] / "tests" / "fixtures"
KERAS_FILE = FIXTURES / "lstm_relu_keras2.h5"
FLATBUFFER = FIXTURES / "models" / "fcv-untrained" / "0.1.0" / "model.tflite"
NAMES = ("Arresto_Cardiaco", "Bajo_Gasto_Cardiaco", "Sano", "Shock_Cardiogenico")


def answer(encounter: int, outputs: NDArray[Any]) -> dict[str, Any]:
    """Answer as the thesis' service did. outputs: (4,)."""
    probabilities = dict(zip(NAMES, map(float, outputs), strict=True))
    state = max(probabilities, key=probabilities.__getitem__)
    return {"idAtencion": encounter, "inferences": probabilities, "State": state.capitalize()}


class LiteRt:
    """The flatbuffer, with an interpreter of its own for each thread that asks."""

    def __init__(self) -> None:
        self._flatbuffer = FLATBUFFER.read_bytes()
        self._of_thread = threading.local()

    def predict(self, scaled: NDArray[Any]) -> NDArray[np.float32]:
        """Give four outputs for one scaled window, (20, 9)."""
        interpreter = getattr(self._of_thread, "interpreter", None)
        if interpreter is None:
            interpreter = self._of_thread.interpreter = self._interpreter()
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
        interpreter.set_tensor(source["index"], scaled[np.newaxis].astype(np.float32))  # (1, 20, 9)
        interpreter.invoke()
        outputs: NDArray[np.float32] = interpreter.get_tensor(target["index"])[0]
        return outputs

    def _interpreter(self) -> Any:  # noqa: ANN401 - LiteRT ships no types
        from ai_edge_litert.interpreter import Interpreter  # not where the thesis' way runs

        interpreter = Interpreter(model_content=self._flatbuffer, num_threads=1)
        interpreter.allocate_tensors()
        return interpreter
