"""The check of alerts behind `/health/ready`, where a policy is in force: whether its score still counts."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from fcv_api.alerts import query
from fcv_api.domain.errors import NoModel
from fcv_api.web.readiness import DEGRADED, OK, Check, check
from fcv_api.web.requests import current_service


def check_alerts() -> dict[str, Check]:
    """Return the check by its name; nothing without a policy. `/predict` needs none of it."""
    try:
        force = query.in_force()
        if force is None:
            return {}
        model = current_service().models.active().identity
    except (SQLAlchemyError, NoModel):
        return {"alerts": check(DEGRADED, "Which policy is in force, and of which model, is not known.")}
    if force.model_sha256 not in (None, model.sha256):
        advice = "Simulate it on this one and run `fcv policy activate`, or put the model back."
        return {"alerts": check(DEGRADED, f"No score alerts: {force.policy} counts those of another model. {advice}")}
    return {"alerts": check(OK, f"{force.policy} is in force.")}
