"""Assess an encounter, and record what came of it: the one way in, for the service and for everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import (
    ModelIdentity,
    Prediction,
    Refusal,
    Scorer,
    ScoreWarning,
    probabilities_of,
)
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Window, extract_window
from fcv_api.ledger.record import Also, Record, append

Outcome = Prediction | Refusal


def assess(encounter: Encounter, model: Scorer, *, warn_unvalidated: bool = False) -> Prediction | Refusal:
    """Score one encounter's last window, or say why not.

    warn_unvalidated: add the warning `unvalidated_model` where no real patients are behind the model.
    """
    try:
        window = extract_window(encounter, model.spec)
        probabilities = probabilities_of(model.score(model.spec.scale(window.raw)), model)
    except Unscorable as reason:
        return Refusal(encounter.id, reason)
    warnings = _unvalidated(model.identity) if warn_unvalidated else ()
    return Prediction(encounter.id, probabilities, window, model.identity, warnings)


def _unvalidated(model: ModelIdentity) -> tuple[ScoreWarning, ...]:
    if model.evidence.validated:
        return ()
    detail = (
        f"Model {model} was never validated on real patients (evidence: {model.evidence.value}). "
        "Do not act on this score."
    )
    return (ScoreWarning("unvalidated_model", None, detail),)


def attempt(encounter: int, assessed: Callable[[], Outcome]) -> Outcome:
    """Do what leads to an outcome. A fact that is raised on the way, such as by a bad cell, is a refusal like any other."""
    try:
        return assessed()
    except Unscorable as reason:
        return Refusal(encounter, reason)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked. body_sha256: of the request's body. started: `perf_counter()` when it was received."""

    user_id: int
    request_id: str
    body_sha256: str
    started: float


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records outcomes before they are answered.

    runtime: what computes here, and on what processor. problem_of: names the problem that a refusal's reason gets.
    """

    runtime: str
    problem_of: Callable[[Unscorable], str]

    def record(self, outcomes: Sequence[Outcome], caller: Caller, also: Also | None = None) -> list[Record]:
        """Record all outcomes or none, in their order. Raises SQLAlchemyError, and then there must be no answer.

        also: writes more in the same transaction.
        """
        return append([self._given(outcome, caller) for outcome in outcomes], caller.started, also)

    def _given(self, outcome: Outcome, caller: Caller) -> Record:
        asked = (outcome.encounter, caller.user_id, caller.request_id, caller.body_sha256)
        if isinstance(outcome, Refusal):
            return Record(*asked, self.problem_of(outcome.reason))
        model, window = outcome.model, outcome.window
        return Record(
            *asked,
            None,
            *(model.name, model.version, model.sha256),
            *(_instant(window, 0), _instant(window, -1), _in_one_order(window)),
            orjson.dumps({state.value: each for state, each in outcome.probabilities.items()}).decode(),
            outcome.state.value,
            orjson.dumps(outcome.warnings).decode(),
            self.runtime,
        )


def _instant(window: Window, row: int) -> str:
    moment: datetime = window.instants[row].item()
    return f"{moment.isoformat(timespec='microseconds')}Z"


def _in_one_order(window: Window) -> bytes:
    """Give the raw window in the order of `vitals.SIGNS`, whatever its model's: a record is read without its model."""
    raw = window.raw
    if window.signs != SIGN_NAMES:
        raw = raw[:, [window.signs.index(name) for name in SIGN_NAMES]]
    return raw.astype("<f8", copy=False).tobytes()
