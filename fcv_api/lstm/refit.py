"""Refit a model's probabilities to a hospital: another bias for each class, and one slope, in its last layer.

The network is not trained again. softmax(slope * logits + bias) is written into the weights of the last layer, so that
what serves is a model like any other: verified, activated and replayed by the code that does so for all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from fcv_api.domain.evidence import Evidence
from fcv_api.domain.window import Matrix
from fcv_api.lstm.artifact import Artifact, ArtifactError, GoldenWindow, Manifest
from fcv_api.lstm.card import ATTESTED, restated
from fcv_api.lstm.parity import PARITY_LIMIT, random_walks
from fcv_api.lstm.runtime import LiteRtModel

LEAST = 1e-38
"""Stands for a probability that float32 has rounded to 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """probabilities = softmax(slope * log(probabilities) + bias). bias: (4,) by the model's classes.

    kind: `intercept` or `slope`. about: what it was fitted on, for the manifest.
    """

    kind: str
    slope: float
    bias: NDArray[np.float64]
    about: dict[str, Any]

    def apply(self, probabilities: Matrix) -> Matrix:
        """Return what the refitted model answers, (n, 4), by the model's classes."""
        logits = self.slope * np.log(np.maximum(probabilities, LEAST)) + self.bias
        grown = np.exp(logits - logits.max(axis=1, keepdims=True))
        answers: Matrix = grown / grown.sum(axis=1, keepdims=True)
        return answers


def refitted(parent: Artifact, refit: Refit, version: str) -> Artifact:
    """Return a new version of a model, which names its parent. Raises ArtifactError where it cannot be made.

    It has no evidence: what was measured was another model.
    """
    flatbuffer = _with_last_layer(parent, refit)
    manifest = _describe(parent.manifest, refit, version)
    known = replace(manifest, sha256=hashlib.sha256(flatbuffer).hexdigest())
    made = Artifact(known, flatbuffer)
    largest = _largest_difference(parent, made, refit)
    limit = max(PARITY_LIMIT, float(parent.manifest.parity["limit"]))
    if not largest < limit:  # true for NaN
        raise ArtifactError(f"{known.identity} differs by {largest:.1e} from what its parent and the refit give.")
    return replace(made, manifest=replace(known, parity=known.parity | {"refit_difference": largest}))


def _describe(parent: Manifest, refit: Refit, version: str) -> Manifest:
    outputs = refit.apply(np.array([each.outputs for each in parent.golden]))
    golden = tuple(GoldenWindow(each.raw, row) for each, row in zip(parent.golden, outputs.tolist(), strict=True))
    said = {
        "parent": str(parent.identity),
        "parent_sha256": parent.sha256,
        "parent_manifest_sha256": parent.canonical_sha256,
        "kind": refit.kind,
        "slope": refit.slope,
        "bias": dict(zip((each.value for each in parent.classes), refit.bias.tolist(), strict=True)),
        **refit.about,
    }
    child = replace(
        parent,
        version=version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        evidence=Evidence.UNVALIDATED,
        attestation=None,
        golden=golden,
        refit=said,
    )
    return replace(child, card=_card(child, refit))


def _card(child: Manifest, refit: Refit) -> str:
    """Return the parent's card without its evidence, and what was changed."""
    kept = child.card.partition(f"\n{ATTESTED}\n")[0].rstrip()
    assert child.refit is not None  # noqa: S101 - for the type checker: it was just written
    line = (
        f"Refit ({refit.kind}) of {child.refit['parent']} on patients of this hospital: slope {refit.slope:.3f}, "
        "a bias for each class. All figures above are its parent's."
    )
    return restated(f"{kept}\n\n## Refit\n\n- {line}\n", child.identity.standing)


def _with_last_layer(parent: Artifact, refit: Refit) -> bytes:
    """Write slope and bias into the weights of the last dense layer. Raises ArtifactError where there is none."""
    content = bytearray(parent.flatbuffer)
    kernel, bias = _last_weights(content, parent.manifest)
    kernel *= np.float32(refit.slope)
    bias[:] = (bias.astype(np.float64) * refit.slope + refit.bias).astype(np.float32)
    return bytes(content)


def _last_weights(content: bytearray, manifest: Manifest) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return views of a flatbuffer's last kernel and bias: what is written to them is written to it."""
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    operators = [graph.Operators(at) for at in range(graph.OperatorsLength())]
    made: dict[int, Any] = {int(place): each for each in operators for place in each.OutputsAsNumpy()}
    last: Any = made.get(int(graph.OutputsAsNumpy()[0]))
    dense: Any = made.get(int(last.InputsAsNumpy()[0])) if _is(model, last, schema.BuiltinOperator.SOFTMAX) else None
    if not _is(model, dense, schema.BuiltinOperator.FULLY_CONNECTED) or dense.InputsLength() != 3:  # noqa: PLR2004
        raise ArtifactError(f"{manifest.identity} does not end in a dense layer with a bias and a softmax.")
    views = [_view(model, graph.Tensors(int(place))) for place in dense.InputsAsNumpy()[1:]]
    if any(each is None for each in views):
        raise ArtifactError(f"{manifest.identity} has no float32 weights in its last layer.")
    return views[0], views[1]  # type: ignore[return-value]


def _is(model: Any, operator: Any, kind: int) -> bool:  # noqa: ANN401 - generated code without types
    return operator is not None and model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() == kind


def _view(model: Any, tensor: Any) -> NDArray[np.float32] | None:  # noqa: ANN401
    buffer = model.Buffers(tensor.Buffer())
    if tensor.Type() != schema.TensorType.FLOAT32 or not buffer.DataLength():
        return None
    view: NDArray[np.float32] = buffer.DataAsNumpy().view(np.float32)
    return view


def _largest_difference(parent: Artifact, made: Artifact, refit: Refit) -> float:
    """Return by how much the made model differs from what it should answer, over the windows of an import."""
    spec = parent.manifest.spec
    scaled = [spec.scale(window) for window in random_walks(spec)]
    models = LiteRtModel(parent), LiteRtModel(made)
    before, after = (np.array([model.score(window) for window in scaled]) for model in models)
    return float(np.abs(after - refit.apply(before)).max())
