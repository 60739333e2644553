"""Assess an encounter: the one way in, for the service and for everything else that wants a score."""

from __future__ import annotations

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
from fcv_api.domain.window import extract_window


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
