"""What moved a score, by the names of the wire."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from marshmallow import Schema, fields, pre_dump

from fcv_api.domain.explanation import CAVEAT, Effect, Explanation
from fcv_api.domain.prediction import ModelIdentity, State
from fcv_api.domain.words import ScoreWarning
from fcv_api.wire.answer import STATE_NAMES, WARNINGS, WarningSchema
from fcv_api.wire.service import EVIDENCE


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, and of what record and model it is. state: as it was recorded."""

    id: str
    state: str
    model: ModelIdentity
    explanation: Explanation
    warnings: tuple[ScoreWarning, ...]


class MeasuredSchema(Schema):
    """One sign over the window, in its own unit."""

    sign = fields.String(required=True)
    unit = fields.String(required=True)
    last = fields.Float(required=True)
    lowest = fields.Float(required=True)
    highest = fields.Float(required=True)
    usual = fields.Float(
        required=True, allow_none=True, metadata={"description": "The mean that replaced it; null where none is known."}
    )


class EffectSchema(Schema):
    """What some signs that belong together did."""

    signs = fields.List(fields.String(), required=True)
    log_odds = fields.Float(
        required=True, metadata={"description": "How much higher the log-odds of the score are by them."}
    )
    detail = fields.String(required=True)
    detail_es = fields.String(required=True)
    measured = fields.List(
        fields.Nested(MeasuredSchema), required=True, metadata={"description": "Nothing of a sign that was never sent."}
    )


class ExplanationSchema(Schema):
    """What moved a recorded score: not the cause of the patient's state."""

    id = fields.String(required=True)
    model = fields.String(required=True)
    evidence = fields.String(required=True, metadata=EVIDENCE)
    State = fields.String(required=True)
    score = fields.Float(required=True, metadata={"description": "1 - `Sano`"})
    caveat = fields.String(required=True, metadata={"description": "Show it beside the effects."})
    caveat_es = fields.String(required=True)
    effects = fields.List(
        fields.Nested(EffectSchema), required=True, metadata={"description": "What raised the score most first."}
    )
    warnings = fields.List(fields.Nested(WarningSchema), metadata=WARNINGS)

    @pre_dump
    def _by_wire_names(self, explained: Explained, **_kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        answer = {
            "id": explained.id,
            "model": str(explained.model),
            "evidence": explained.model.evidence.value,
            "State": STATE_NAMES[State(explained.state)],
            "score": explained.explanation.score,
            "caveat": CAVEAT[0],
            "caveat_es": CAVEAT[1],
            "effects": [_effect(each) for each in explained.explanation.effects],
        }
        return answer | {"warnings": explained.warnings} if explained.warnings else answer


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "signs": effect.signs,
        "log_odds": effect.change,
        "detail": effect.detail,
        "detail_es": effect.detail_es,
        "measured": [asdict(each) for each in effect.measured],
    }
