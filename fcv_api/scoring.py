"""Assess an encounter: the one way in, for the service and for everything else that wants a score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fcv_api.domain import quality
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
from fcv_api.domain.window import Window, extract_window


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an answer must warn of besides the encounter itself.

    now: with its offset; None where nobody waits for the answer, as for a file of the past.
    stale_after: how long before `now` a window may end.
    warn_unvalidated: warn where no real patients are behind the model.
    """

    now: datetime | None = None
    stale_after: timedelta = quality.LATE
    warn_unvalidated: bool = False


OFFLINE = Circumstances()


def assess(encounter: Encounter, model: Scorer, given: Circumstances = OFFLINE) -> Prediction | Refusal:
    """Score one encounter's last window, or say why not."""
    try:
        window = extract_window(encounter, model.spec)
        probabilities = probabilities_of(model.score(model.spec.scale(window.raw)), model)
    except Unscorable as reason:
        return Refusal(encounter.id, reason)
    warnings = (
        *(_unvalidated(model.identity) if given.warn_unvalidated else ()),
        *_stale(window, given),
        *quality.inspect(encounter, window, model.spec),
        *quality.undecided(probabilities),
    )
    return Prediction(encounter.id, probabilities, window, model.identity, warnings)


def _stale(window: Window, given: Circumstances) -> tuple[ScoreWarning, ...]:
    return () if given.now is None else tuple(quality.stale(window, given.now, given.stale_after))


def _unvalidated(model: ModelIdentity) -> tuple[ScoreWarning, ...]:
    if model.evidence.validated:
        return ()
    detail = (
        f"Model {model} was never validated on real patients (evidence: {model.evidence.value}). "
        "Do not act on this score."
    )
    return (ScoreWarning("unvalidated_model", None, detail),)
