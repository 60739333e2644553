"""Assess an encounter: the one way in, for the service and for everything else that wants a score."""

from __future__ import annotations

from fcv_api.domain import quality
from fcv_api.domain.circumstances import OFFLINE, Circumstances, undecided
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import Prediction, Refusal, Scorer, probabilities_of
from fcv_api.domain.window import extract_window


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
