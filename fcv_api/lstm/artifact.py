"""A model's folder: `model.tflite`, and the manifest that says what it is."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import orjson

from fcv_api.domain.errors import NoModel
from fcv_api.domain.evidence import Evidence, TrainedOn
from fcv_api.domain.prediction import ModelIdentity, State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.attestation import Attestation, canonical_sha256, earned, read_claim
from fcv_api.lstm.card import restated
from fcv_api.lstm.scaling import check_scaling, scaling_of

FLATBUFFER, MANIFEST = "model.tflite", "manifest.json"
OPTIONAL = ("learnt_from", "attestation", "sampling", "refit", "drift")
"""Members that a manifest has only where there is something to say."""


class ArtifactError(NoModel):
    """A model's folder cannot be used. The message names the file and the cause in one sentence."""


@dataclass(frozen=True, slots=True)
class GoldenWindow:
    """raw: (instants, 9) in the model's order and the signs' own units. outputs: (4,), what Keras gave for it."""

    raw: list[list[float]]
    outputs: list[float]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model is, where it comes from, and what its claim to be right rests on."""

    name: str
    version: str
    created: str
    sha256: str
    source: dict[str, str]
    """`file`, its `sha256`, and the `keras_version` that wrote it."""
    input_shape: tuple[int, int]
    step_minutes: float
    signs: tuple[str, ...]
    scaling: dict[str, Any]
    """`{"kind": "window"}`, or `{"kind": "population", "mean": [...], "deviation": [...]}`."""
    classes: tuple[State, ...]
    horizon_minutes: float | None
    evidence: Evidence
    parity: dict[str, Any]
    """`windows`, `largest_difference` to Keras, and the `limit` it had to stay below."""
    golden: tuple[GoldenWindow, ...] = field(repr=False)
    card: str = field(repr=False)
    assumed: tuple[str, ...] = ()
    """What nobody said when it was imported, in words."""
    trained_on: TrainedOn = TrainedOn.UNSTATED
    learnt_from: dict[str, Any] | None = field(default=None, repr=False)
    """Salted fingerprints of the patients that it learnt from, as `training/fingerprints.py` writes them."""
    attestation: Attestation | None = None
    sampling: Sampling | None = None
    """What a slot holds where rows are read in slots. `last` where the manifest does not say."""
    refit: dict[str, Any] | None = None
    """Of a model that was refitted here: its `parent`, and what was changed, as `lstm/refit.py` writes it."""
    drift: dict[str, Any] | None = field(default=None, repr=False)
    """What drift is measured against, as `training/observed.py` writes it."""

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is, to the bit."""
        return ModelIdentity(self.name, self.version, self.sha256, self.evidence, self.trained_on)

    @property
    def canonical_sha256(self) -> str:
        """What an attestation attests: the sha256 of the manifest without its evidence and card."""
        return canonical_sha256(orjson.loads(self.as_json()))

    @property
    def spec(self) -> WindowSpec:
        """The window that the model reads."""
        scaling, sampling = scaling_of(self.scaling), self.sampling or Sampling.LAST
        return WindowSpec(self.input_shape[0], self.step_minutes, self.signs, scaling, sampling)

    def as_json(self) -> bytes:
        """Write it as `manifest.json` holds it, without what it has not."""
        members = {each.name: getattr(self, each.name) for each in fields(self)}
        known = {name: value for name, value in members.items() if value is not None or name not in OPTIONAL}
        return orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def replace_in(self, folder: Path) -> None:
        """Put it in the place of a folder's manifest, whole or not at all."""
        with tempfile.TemporaryDirectory(prefix=".manifest-", dir=folder) as unfinished:
            made = Path(unfinished) / MANIFEST
            made.write_bytes(self.as_json())
            made.replace(folder / MANIFEST)

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read what `as_json` wrote. Raises ArtifactError."""
        try:
            said = orjson.loads(text)
            written = dict(said)
            said["golden"] = tuple(GoldenWindow(**window) for window in said["golden"])
            said["classes"] = tuple(State(name) for name in said["classes"])
            said["evidence"], said["trained_on"] = read_claim(said)
            said["signs"], said["assumed"] = tuple(said["signs"]), tuple(said.get("assumed", ()))
            said["input_shape"] = tuple(said["input_shape"])
            said["sampling"] = Sampling(said["sampling"]) if "sampling" in said else None
            said["attestation"] = Attestation(**said["attestation"]) if said.get("attestation") else None
            manifest = cls(**said)
            _check(manifest)
            return _as_earned(manifest, written)
        except (ValueError, TypeError, KeyError) as error:
            raise ArtifactError(f"the manifest is damaged or of another version: {error}") from None


def _as_earned(manifest: Manifest, written: dict[str, Any]) -> Manifest:
    """Return a manifest whose evidence, also on its card, is what it has earned.

    written: its JSON as it was read, for a later version may write members that this one's attestation does not know.
    """
    attested = canonical_sha256(written | {"trained_on": manifest.trained_on.value}) if manifest.attestation else ""
    evidence = earned(manifest.evidence, manifest.attestation, attested)
    known = replace(manifest, evidence=evidence)
    return replace(known, card=restated(manifest.card, known.identity.standing))


def _check(manifest: Manifest) -> None:
    """Raise ValueError, KeyError or TypeError when the manifest contradicts itself."""
    if sorted(manifest.signs) != sorted(SIGN_NAMES):
        raise ValueError(f"signs are not the nine: {', '.join(manifest.signs)}")
    if len(set(manifest.classes)) != len(State):
        raise ValueError("classes are not the four states")
    check_scaling(manifest.scaling)
    if not manifest.step_minutes > 0:
        raise ValueError("step_minutes must be over 0")
    if manifest.input_shape[1:] != (len(SIGN_NAMES),) or not manifest.golden:
        raise ValueError("the input shape or the golden windows are missing")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified model: its manifest, and the flatbuffer as bytes.

    Bytes, not a file: a file that is truncated under a mapping kills the process.
    """

    manifest: Manifest
    flatbuffer: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Artifact:
        """Read a model's folder and check its sha256. Raises ArtifactError."""
        try:
            manifest, flatbuffer = (folder / MANIFEST).read_bytes(), (folder / FLATBUFFER).read_bytes()
        except OSError as error:
            raise ArtifactError(f"{error.filename}: {error.strerror}.") from None
        return cls.from_bytes(manifest, flatbuffer, str(folder))

    @classmethod
    def from_bytes(cls, manifest: bytes, flatbuffer: bytes, place: str) -> Artifact:
        """Put a model together and check its sha256. place: where it lies, for messages. Raises ArtifactError."""
        try:
            described = Manifest.from_json(manifest)
        except ArtifactError as error:
            raise ArtifactError(f"{place}/{MANIFEST}: {error}.") from None
        if hashlib.sha256(flatbuffer).hexdigest() != described.sha256:
            raise ArtifactError(
                f"{place}/{FLATBUFFER}: its sha256 is not the manifest's, so the file was damaged or exchanged."
            )
        return cls(described, flatbuffer)

    def save(self, folder: Path) -> None:
        """Write a model's folder whole or not at all. Raises ArtifactError when it exists."""
        if folder.exists():
            raise ArtifactError(f"{folder} exists; give another --version.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder.parent) as unfinished:
            made = Path(unfinished) / "made"
            made.mkdir(mode=0o755)
            (made / FLATBUFFER).write_bytes(self.flatbuffer)
            (made / MANIFEST).write_bytes(self.manifest.as_json())
            os.rename(made, folder)  # noqa: PTH104 - atomic, and refuses a folder that is not empty
