"""Assess an encounter: its last window, or each of its windows, as the service would have at that instant."""

from __future__ import annotations

import numpy as np

from fcv_api import scoring
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import (
    LEAD,
    SUM_TOLERANCE,
    SURE,
    AnswerContext,
    Refusal,
    Scorer,
    State,
    probabilities_of,
    undecided,
)
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.scores import Scores
from fcv_api.domain.screens import warnings_of
from fcv_api.domain.window import Matrix
from fcv_api.domain.words import ScoreWarning

OFFLINE = AnswerContext(warn_unvalidated=True)
"""Nobody waits for these answers, so none is stale; and none hides that its model was never validated."""
ROUNDING = 1e-5  # more than the rounding of a probability in words


def assess_last(encounter: Encounter | Refusal, model: Scorer) -> Scores:
    """Score the last window."""
    outcome = encounter if isinstance(encounter, Refusal) else scoring.assess(encounter, model, OFFLINE)
    return Scores.of(outcome, model.classes)


def assess_each(encounter: Encounter | Refusal, model: Scorer) -> Scores:
    """Score every window: each as `scoring.assess` does when given what had been sent until then, to the last bit."""
    if isinstance(encounter, Refusal):
        return Scores.of(encounter, model.classes)
    try:
        rolling = Rolling.of(encounter, model.spec)
    except Unscorable as reason:
        return Scores.of(Refusal(encounter.id, reason), model.classes)
    refusals = rolling.refusals()
    probabilities = _probabilities(rolling.scaled(), model, refusals)
    warnings = _warnings(rolling, probabilities, model)
    return Scores(encounter.id, rolling.first, rolling.last, probabilities, warnings, refusals)


def _probabilities(scaled: Matrix, model: Scorer, refusals: dict[int, Unscorable]) -> Matrix:
    """Ask the model about each window. Return (w, 4), NaN for what is refused; what is no answer joins `refusals`."""
    usable = np.ones(scaled.shape[1], dtype=np.bool_)
    usable[list(refusals)] = False
    found = np.full((len(usable), len(State)), np.nan)
    for window in np.flatnonzero(usable).tolist():
        found[window] = model.score(scaled[:, window])
    sound = (found >= 0).all(axis=1) & (np.abs(found.sum(axis=1) - 1) <= SUM_TOLERANCE / 2)  # false for NaN
    for window in np.flatnonzero(usable & ~sound).tolist():
        try:
            probabilities_of(found[window], model)
        except Unscorable as reason:
            refusals[window], found[window] = reason, np.nan
    return found


def _warnings(rolling: Rolling, probabilities: Matrix, model: Scorer) -> list[tuple[ScoreWarning, ...]]:
    """Put each window's warnings in the order of `scoring.assess`. One without probabilities was refused."""
    usable = ~np.isnan(probabilities[:, 0])
    always, raw = tuple(OFFLINE.of_model(model.identity)), warnings_of(rolling, usable)
    found = [(*always, *each) if each else always for each in raw]
    for window in np.flatnonzero(~usable).tolist():
        found[window] = ()
    second, first = np.sort(probabilities, axis=1)[:, -2:].T  # false for NaN
    for window in np.flatnonzero((first < SURE + ROUNDING) | (first - second < LEAD + ROUNDING)).tolist():
        by_state = dict(zip(model.classes, probabilities[window].tolist(), strict=True))
        found[window] = (*found[window], *undecided(by_state))
    return found
