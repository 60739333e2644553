"""What whoever imports a model says of it: a Keras file itself says nothing of signs, scaling or classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGN_NAMES

CLASSES = (State.CARDIAC_ARREST, State.LOW_CARDIAC_OUTPUT, State.NONE_OF_THESE, State.CARDIOGENIC_SHOCK)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """signs, classes: in the model's order. scaling: as in a manifest. assumed: what nobody said, in words.

    sampling: what a slot of denser rows holds.
    """

    name: str
    version: str
    trained_on: TrainedOn = TrainedOn.UNSTATED
    card: str = ""
    signs: tuple[str, ...] = SIGN_NAMES
    classes: tuple[State, ...] = CLASSES
    scaling: dict[str, Any] | None = None
    step_minutes: float = 5.0
    horizon_minutes: float | None = None
    assumed: tuple[str, ...] = ()
    sampling: Sampling = Sampling.LAST

    def as_json(self) -> bytes:
        """Write it for the process that imports."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, text: bytes) -> ImportRequest:
        """Read what `as_json` wrote."""
        said = orjson.loads(text)
        said["trained_on"] = TrainedOn(said["trained_on"])
        said["classes"] = tuple(State(name) for name in said["classes"])
        said["sampling"] = Sampling(said["sampling"])
        said["signs"], said["assumed"] = tuple(said["signs"]), tuple(said["assumed"])
        return cls(**said)
