"""LiteRT: a verified model, ready to score. Loaded once before the fork, shared by all workers and threads."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from fcv_api.domain.prediction import ModelIdentity, State
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.outputs import complaint

GOLDEN_TOLERANCE = 1e-5
CPU_FLAGS = (
    *("sse4_1", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512vbmi", "avx512_vnni", "avx_vnni"),
    *("avx512_fp16", "amx_tile", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme"),
)
"""What LiteRT's kernels are chosen by, on x86-64 and on ARM, as Linux names it."""


def _runtime() -> str:
    """Return what computes: the library's version, and the features of the processor that it chooses its kernels by."""
    try:
        found = re.search(r"^(?:flags|Features)\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None  # not Linux
    present = found[1].split() if found else []
    flags = [flag for flag in CPU_FLAGS if flag in present]
    return " ".join([f"ai-edge-litert {version('ai-edge-litert')}", platform.machine(), *flags])


RUNTIME = _runtime()


@dataclass(frozen=True, slots=True)
class _Bound:
    """An interpreter and its two tensors."""

    interpreter: Any
    input: int
    output: int

    def invoke(self, scaled: Matrix) -> Matrix:
        self.interpreter.set_tensor(self.input, scaled[np.newaxis].astype(np.float32))  # (1, instants, 9)
        self.interpreter.invoke()
        outputs: Matrix = self.interpreter.get_tensor(self.output)[0].astype(np.float64)  # (4,)
        return outputs


class LiteRtModel:
    """A `Scorer`. No interpreter is safe for two threads at once: there are as many as were asked at once."""

    def __init__(self, artifact: Artifact) -> None:
        """Bind an artifact and run its golden windows. Raises ArtifactError when they do not come out."""
        self._artifact = artifact
        self._free: list[_Bound] = []
        self.identity: ModelIdentity = artifact.manifest.identity
        self.spec: WindowSpec = artifact.manifest.spec
        self.classes: tuple[State, ...] = artifact.manifest.classes
        self.manifest = artifact.manifest
        with standard_error_closed():
            self.verify()

    def score(self, scaled: Matrix) -> Matrix:
        """Return the model's outputs, (4,), for one scaled window, (instants, 9)."""
        try:
            bound = self._free.pop()
        except IndexError:
            bound = bind(self._artifact.flatbuffer)
        outputs = bound.invoke(scaled)  # one that raised is not used again
        self._free.append(bound)
        return outputs

    def verify(self) -> None:
        """Run the golden windows. Raises ArtifactError when one comes out otherwise than Keras gave it.

        Nor may it be what no answer could be made of: a model that would answer nobody is not ready.
        """
        tolerance = max(GOLDEN_TOLERANCE, float(self.manifest.parity["limit"]))  # more for a model that is steep
        for number, golden in enumerate(self.manifest.golden):
            try:
                outputs = self.score(self.spec.scale(np.array(golden.raw, dtype=np.float64)))
                sound = outputs.shape == (len(self.classes),)
                difference = np.abs(outputs - golden.outputs).max() if sound else np.inf
            except (ValueError, RuntimeError) as error:
                raise ArtifactError(f"Model {self.identity} does not run: {error}.") from None
            if sound and (refused := complaint(outputs[np.newaxis])):
                raise ArtifactError(f"Model {self.identity} {refused}.")
            if not difference <= tolerance:  # true for NaN
                raise ArtifactError(
                    f"Model {self.identity} differs by {difference:.1e} from its golden window {number}: "
                    "it does not compute here what it computed when it was imported."
                )


@contextmanager
def standard_error_closed() -> Iterator[None]:
    """Let a library not write to the descriptor itself what it has no setting for.

    LiteRT: "INFO: Created TensorFlow Lite XNNPACK delegate", where there is none. TensorFlow: of a graphics card.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def bind(flatbuffer: bytes) -> _Bound:
    """Make an interpreter with one thread over a flatbuffer. Raises ValueError or RuntimeError when it is none."""
    interpreter = Interpreter(model_content=flatbuffer, num_threads=1)
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    return _Bound(interpreter, source["index"], target["index"])
