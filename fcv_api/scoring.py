"""Assess an encounter, say what the record keeps of what came of it, and compute a record again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson

from fcv_api.domain import quality
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import NoModel, Unscorable, WindowSpan
from fcv_api.domain.explanation import Explanation, explain
from fcv_api.domain.prediction import (
    OFFLINE,
    AnswerContext,
    ModelIdentity,
    Models,
    Prediction,
    Refusal,
    Scorer,
    State,
    most_probable,
    probabilities_of,
    undecided,
)
from fcv_api.domain.slots import last_window_in_slots, window_on_the_clock
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import History, Matrix, Window, WindowSpec, last_window
from fcv_api.ledger.record import Entry, Record

Outcome = Prediction | Refusal
Slot = np.datetime64 | None
"""Of the memory of a bed: the end of the slot on the clock with which its window of slots ends."""


def assess(encounter: Encounter, model: Scorer, given: AnswerContext = OFFLINE, slot: Slot = None) -> Outcome:
    """Score one encounter's last window, or say why not."""
    try:
        window = window_of(History.of(encounter), model.spec, slot)
        probabilities = probabilities_of(model.score(model.spec.scale(window.raw)), model)
    except Unscorable as reason:
        return Refusal(encounter.id, reason)
    found = quality.inspect(encounter, window, model.spec)
    if slot is not None:  # every window of the memory is one of slots
        found = tuple(each for each in found if each.code != "resampled")
    warnings = (*given.warnings(window, model.identity), *found, *undecided(probabilities))
    return Prediction(encounter.id, probabilities, window, model.identity, warnings)


def assess_read(read: Encounter | Refusal, model: Scorer, given: AnswerContext = OFFLINE) -> Outcome:
    """Score what could be read. What could not stays refused."""
    return read if isinstance(read, Refusal) else assess(read, model, given)


def window_of(history: History, spec: WindowSpec, slot: Slot = None) -> Window:
    """Return the last window as sent, or of slots where that is too dense. Raises what `last_window` raises."""
    if slot is not None:
        return window_on_the_clock(history, spec, slot)
    try:  # as `slots.window_as_sent`, a module further on the way of every request
        return last_window(history, spec)
    except WindowSpan as reason:
        return last_window_in_slots(history, spec, reason)


def assess_all(read: Sequence[Encounter | Refusal], models: Models, given: AnswerContext = OFFLINE) -> list[Outcome]:
    """Assess many encounters by one model. Those that could not be read stay refused; without a model all are."""
    try:
        model = models.active()
    except NoModel as reason:
        return [each if isinstance(each, Refusal) else Refusal(each.id, reason) for each in read]
    return [assess_read(each, model, given) for each in read]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked. body_sha256: of the request's body. started: `perf_counter()` when it was received."""

    user_id: int
    request_id: str
    body_sha256: str
    started: float


def entry_of(outcome: Outcome, caller: Caller, runtime: str) -> Entry:
    """Return what the record keeps of an outcome. runtime: what computed, and on what processor."""
    entry = Entry(
        started=caller.started,
        encounter=outcome.encounter,
        user_id=caller.user_id,
        request_id=caller.request_id,
        body_sha256=caller.body_sha256,
    )
    if isinstance(outcome, Refusal):
        return entry._replace(problem=outcome.reason.code)
    return entry._replace(
        model_name=outcome.model.name,
        model_version=outcome.model.version,
        model_sha256=outcome.model.sha256,
        window_first=_instant(outcome.window, 0),
        window_last=_instant(outcome.window, -1),
        window_raw=in_one_order(outcome.window),
        probabilities=orjson.dumps(outcome.probabilities, option=orjson.OPT_NON_STR_KEYS).decode(),
        state=outcome.state.value,
        warnings=orjson.dumps(outcome.warnings).decode(),
        runtime=runtime,
    )


def _instant(window: Window, row: int) -> str:
    moment: datetime = window.instants[row].item()
    return f"{moment.isoformat(timespec='microseconds')}Z"


def in_one_order(window: Window) -> bytes:
    """Return the raw window in the order of `vitals.SIGNS`, whatever its model's: records are read without models."""
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
    raw = recorded_window(record, model)
    ordered = np.ascontiguousarray(raw[:, [INDEX_BY_NAME[name] for name in model.spec.signs]])
    probabilities = probabilities_of(model.score(model.spec.scale(ordered)), model)
    return Replay(record, model.identity, runtime, probabilities)


def explain_record(record: Record, model: Scorer) -> Explanation:
    """Return what moved a recorded score. Raises NoModel when the model does not read such a window, or ModelOutput."""
    return explain(recorded_window(record, model), model)


def recorded_window(record: Record, model: Scorer) -> Matrix:
    """Return a record's raw window, (instants, 9), in the order of `vitals.SIGNS`. Raises NoModel."""
    raw = np.frombuffer(record.window_raw or b"", "<f8").reshape(-1, len(SIGN_NAMES))
    if len(raw) != model.spec.instants:
        raise NoModel(f"Model {model.identity} reads {model.spec.instants} instants; the record holds {len(raw)}.")
    return raw


def recorded_model(record: Record) -> ModelIdentity | None:
    """Return which model a record is of; None for a refusal."""
    if record.problem is not None:
        return None
    return ModelIdentity(record.model_name or "", record.model_version or "", record.model_sha256 or "")
