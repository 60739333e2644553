"""A recorded window, computed again: whether the same comes of it, and what moved a score that is shown."""

from __future__ import annotations

from fcv_api import scoring
from fcv_api.domain.errors import Unscorable
from fcv_api.domain.explanation import UNMOVED
from fcv_api.domain.ward_score import Line, Score
from fcv_api.ledger.record import Record
from fcv_api.web.requests import current_service

MOST = 4
"""Effects that are said: what moves a score less is of no use on a round."""


def what_moved(record: Record | None, score: Score, language: str) -> list[str]:
    """Return sentences on the signs that moved a record's score most; none where its number may not stand."""
    model = scoring.recorded_model(record) if record is not None else None
    if record is None or model is None or score.line is not Line.RISK:
        return []
    try:
        explanation = scoring.explain_record(record, current_service().models.at(model))
    except Unscorable:  # its model is not here any more
        return []
    moved = sorted(explanation.effects, key=lambda each: -abs(each.change))[:MOST]
    return [each.detail_es if language == "es" else each.detail for each in moved if abs(each.change) >= UNMOVED]


def replayed(record: Record) -> str:
    """Return what comes of computing a record again, as `/predictions/{id}/replay` does; or that it cannot be."""
    model = scoring.recorded_model(record)
    if model is None:
        return "missing"
    try:
        scorer = current_service().models.at(model)
        return scoring.replay(record, scorer, current_service().runtime).verdict
    except Unscorable:
        return "missing"
