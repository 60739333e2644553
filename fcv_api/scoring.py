"""Assess an encounter, and record what came of it: the one way in, for the service and for everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson

from fcv_api.domain import quality
from fcv_api.domain.circumstances import OFFLINE, Circumstances, undecided
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import NoModel, Unscorable
from fcv_api.domain.prediction import (
    ModelIdentity,
    Prediction,
    Refusal,
    Scorer,
    State,
    most_probable,
    probabilities_of,
)
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import Window, extract_window
from fcv_api.ledger.record import Also, Record, append

Outcome = Prediction | Refusal


def assess(encounter: Encounter, model: Scorer, given: Circumstances = OFFLINE) -> Prediction | Refusal:
    """Score one encounter's last window, or say why not."""
    try:
        window = extract_window(encounter, model.spec)
        probabilities = probabilities_of(model.score(model.spec.scale(window.raw)), model)
    except Unscorable as reason:
        return Refusal(encounter.id, reason)
    warnings = (
        *given.warnings(window, model.identity),
        *quality.inspect(encounter, window, model.spec),
        *undecided(probabilities),
    )
    return Prediction(encounter.id, probabilities, window, model.identity, warnings)


def attempt(encounter: int, assessed: Callable[[], Outcome]) -> Outcome:
    """Do what leads to an outcome. A fact raised on the way, such as by a bad cell, is a refusal like any other."""
    try:
        return assessed()
    except Unscorable as reason:
        return Refusal(encounter, reason)


def assess_all(
    read: Sequence[Encounter | Refusal], active: Callable[[], Scorer], given: Circumstances = OFFLINE
) -> list[Outcome]:
    """Assess many encounters by one model. Those that could not be read stay refused; without a model all are."""
    try:
        model = active()
    except NoModel as reason:
        return [each if isinstance(each, Refusal) else Refusal(each.id, reason) for each in read]
    return [each if isinstance(each, Refusal) else assess(each, model, given) for each in read]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked. body_sha256: of the request's body. started: `perf_counter()` when it was received."""

    user_id: int
    request_id: str
    body_sha256: str
    started: float


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records outcomes before they are answered. runtime: what computes here, and on what processor."""

    runtime: str

    def record(self, outcomes: Sequence[Outcome], caller: Caller, also: Also | None = None) -> list[Record]:
        """Record all outcomes or none, in their order. Raises SQLAlchemyError, and then there must be no answer.

        also: writes more in the same transaction.
        """
        return append([self._given(outcome, caller) for outcome in outcomes], caller.started, also)

    def _given(self, outcome: Outcome, caller: Caller) -> Record:
        asked = (outcome.encounter, caller.user_id, caller.request_id, caller.body_sha256)
        if isinstance(outcome, Refusal):
            return Record(*asked, outcome.reason.code)
        model, window = outcome.model, outcome.window
        return Record(
            *asked,
            None,
            *(model.name, model.version, model.sha256),
            *(_instant(window, 0), _instant(window, -1), in_one_order(window)),
            orjson.dumps(outcome.probabilities, option=orjson.OPT_NON_STR_KEYS).decode(),
            outcome.state.value,
            orjson.dumps(outcome.warnings).decode(),
            self.runtime,
        )


def _instant(window: Window, row: int) -> str:
    moment: datetime = window.instants[row].item()
    return f"{moment.isoformat(timespec='microseconds')}Z"


def in_one_order(window: Window) -> bytes:
    """Give the raw window in the order of `vitals.SIGNS`, whatever its model's: a record is read without its model."""
    raw = window.raw
    if window.signs != SIGN_NAMES:
        raw = raw[:, [window.signs.index(name) for name in SIGN_NAMES]]
    return raw.astype("<f8", copy=False).tobytes()


TOLERANCE = 1e-6
"""What another runtime or processor may change of a probability."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What comes of a recorded window now. same_runtime: the library and the processor's features are the record's."""

    record: Record
    model: ModelIdentity
    runtime: str
    probabilities: dict[State, float]

    @property
    def same_runtime(self) -> bool:
        """Whether nothing excuses another bit."""
        return self.runtime == self.record.runtime

    @property
    def state(self) -> State:
        """The most probable state now."""
        return most_probable(self.probabilities)

    @property
    def difference(self) -> float:
        """The largest one of a probability."""
        recorded = orjson.loads(self.record.probabilities or b"{}")
        return max(abs(now - float(recorded[state.value])) for state, now in self.probabilities.items())

    @property
    def verdict(self) -> str:
        """`equal` to the last bit, `within tolerance` where the runtime is another one, or else `different`."""
        if self.difference == 0:
            return "equal"
        return "within tolerance" if not self.same_runtime and self.difference <= TOLERANCE else "different"


def replay(record: Record, model: Scorer, runtime: str) -> Replay:
    """Score a recorded window again. Raises NoModel when the model does not read such a window, or ModelOutput."""
    raw = np.frombuffer(record.window_raw or b"", "<f8").reshape(-1, len(SIGN_NAMES))
    if len(raw) != model.spec.instants:
        raise NoModel(f"Model {model.identity} reads {model.spec.instants} instants; the record holds {len(raw)}.")
    ordered = np.ascontiguousarray(raw[:, [INDEX_BY_NAME[name] for name in model.spec.signs]])
    probabilities = probabilities_of(model.score(model.spec.scale(ordered)), model)
    return Replay(record, model.identity, runtime, probabilities)


def recorded_model(record: Record) -> ModelIdentity | None:
    """Say which model a record is of; None for a refusal."""
    if record.problem is not None:
        return None
    return ModelIdentity(record.model_name or "", record.model_version or "", record.model_sha256 or "")
