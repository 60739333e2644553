"""The alerts that hold, as a page says them: which, since when, and who has seen them. They are raised elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fcv_api.alerts.query import Holding, holding
from fcv_api.domain.alerting import foremost
from fcv_api.domain.labels import SIGN_LABELS, STATE_LABELS, TITLES, in_language
from fcv_api.domain.policy import SEVERITY
from fcv_api.domain.prediction import State
from fcv_api.domain.ward import CONFLICT, CORRECTED


def by_encounter() -> Mapping[int, Sequence[Holding]]:
    """Return the alerts that hold, by encounter; of a cause that two accounts raised, the one raised last."""
    found: dict[int, dict[str, Holding]] = {}
    for each in holding():  # the one raised last first
        found.setdefault(each.encounter, {}).setdefault(each.alert.cause, each)
    return {encounter: tuple(causes.values()) for encounter, causes in found.items()}


def shown_alerts(alerts: Iterable[Holding], reason: str | None) -> list[Holding]:
    """Return the alerts that may be shown, the foremost first. reason: why the bed is not scored, if so.

    In a conflict nobody can say whose they are; and a class was alerted of by a score that a correction hides.
    """
    left = [] if reason == CONFLICT else [each for each in alerts if reason != CORRECTED or not _is_of_score(each)]
    ordered: list[Holding] = []
    while left:
        first = foremost(each.alert for each in left)
        ordered += [each for each in left if each.alert == first]
        left = [each for each in left if each.alert != first]
    return ordered


def _is_of_score(holding: Holding) -> bool:
    return holding.alert.cause in SEVERITY


def cause_in_words(cause: str, language: str) -> str:
    """Return what alerted: one of the three states, or a warning and its sign."""
    if cause in SEVERITY:
        return in_language(STATE_LABELS[State(cause)], language)
    code, _, sign = cause.partition(":")
    title = in_language(TITLES[code], language) if code in TITLES else code
    return f"{title}: {in_language(SIGN_LABELS[sign], language)}" if sign in SIGN_LABELS else title
