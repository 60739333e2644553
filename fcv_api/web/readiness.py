"""The checks behind `/health/ready`: each says ok, degraded or failed, and what to do."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from fcv_api.domain.errors import NoModel
from fcv_api.extensions import check_writable
from fcv_api.web.requests import current_service

OK, DEGRADED, FAILED = "ok", "degraded", "failed"
Check = dict[str, str]

log = logging.getLogger("fcv_api")


def check_model() -> Check:
    """Run the active model's golden windows."""
    models = current_service().models
    try:
        models.verify()
    except NoModel as reason:
        return _check(FAILED, f"{reason} Restore the model's folder, or choose another model, and restart.")
    return _check(OK, f"{models.active().identity} computes what it computed when it was imported.")


def check_database() -> Check:
    """Write to the database, and take it back."""
    try:
        check_writable()
    except SQLAlchemyError as error:
        log.error("readiness: database: %s", type(error).__name__)  # noqa: TRY400 - its text may name a host
        advice = "Check that it runs, has room on its disk, and was migrated with `fcv db upgrade`."
        return _check(FAILED, f"The database cannot be written to. {advice}")
    return _check(OK, "The database was read and written to.")


def model_identity() -> dict[str, str | None]:
    """Name the active model, or nothing where there is none."""
    try:
        model = current_service().models.active().identity
    except NoModel:
        return dict.fromkeys(("model_version", "model_name", "model_sha256", "evidence"))
    return {
        "model_version": model.version,
        "model_name": model.name,
        "model_sha256": model.sha256,
        "evidence": model.evidence.value,
    }


def _check(status: str, detail: str) -> Check:
    return {"status": status, "detail": detail}
