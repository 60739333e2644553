"""The checks behind `/health/ready`: each says ok, degraded or failed, and what to do."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.accounts.writable import check_writable
from fcv_api.domain.errors import NoModel
from fcv_api.domain.zones import hours_off, zone_is_doubtful
from fcv_api.extensions import known_file
from fcv_api.ledger import query
from fcv_api.ledger.ages import usual_age
from fcv_api.ledger.room import check_room
from fcv_api.web.requests import current_service

OK, DEGRADED, FAILED = "ok", "degraded", "failed"
APART = timedelta(seconds=10)
"""By how much a record may be newer than this host's clock: the clocks of hosts differ a little."""
WRONG_ZONE = (
    "The windows of the last hour are {age}: the time zone is probably wrong. Compare FCV_TIMEZONE, or the zone in the "
    "sources file, with the monitors' clocks."
)
Check = dict[str, str]

log = logging.getLogger("fcv_api")


def check_model() -> Check:
    """Run the active model's golden windows."""
    models = current_service().models
    try:
        models.verify()
        problem, model = models.problem(), models.active().identity
    except NoModel as reason:
        return check(FAILED, f"{reason} Restore the model's folder, or choose another model, and restart.")
    except SQLAlchemyError:
        return check(FAILED, "The database does not say which model is active; see the check of the database.")
    if problem:
        return check(DEGRADED, f"{model} sha256 {model.sha256} goes on serving. {problem}")
    return check(OK, f"{model} sha256 {model.sha256} computes what it computed when it was imported.")


def check_database() -> Check:
    """Write to the database: to the file that is known, where it is SQLite's."""
    file = known_file()
    if file and file.problem:
        return check(FAILED, file.problem)
    try:
        check_writable()
        if current_service().records:
            check_room()
    except SQLAlchemyError as error:
        log.error("readiness: database: %s", type(error).__name__)  # noqa: TRY400 - its text may name a host
        advice = "Check that it runs, has room on its disk, and was migrated with `fcv db upgrade`."
        return check(FAILED, f"The database cannot be written to. {advice}")
    return check(OK, "The database was read and written to.")


def check_workers() -> Check:
    """Compare what the workers serve, by their own word: they may differ for two seconds after an activation."""
    try:
        seen = activations.workers()
    except SQLAlchemyError:
        return check(DEGRADED, "The database does not say what the workers serve.")
    named = [f"{each.host}:{each.pid} {each.name}/{each.version} {each.sha256[:12]}" for each in seen]
    agree = len({(each.name, each.version, each.sha256) for each in seen}) <= 1
    return check(OK if agree else DEGRADED, f"Seen in the last 60 s: {', '.join(named) or 'none'}.")


def check_clock() -> Check:
    """Compare this host's clock with the newest record's time, which may be another host's."""
    now = datetime.now(UTC)
    try:
        newest, age = query.newest_at(), usual_age(now)
    except SQLAlchemyError:
        return check(DEGRADED, "The database does not say when the newest record was made.")
    if age is not None and zone_is_doubtful(age):
        return check(DEGRADED, WRONG_ZONE.format(age=hours_off(age)))
    if newest is None or newest <= now + APART:
        return check(OK, f"It shows {now:%Y-%m-%d %H:%M:%S} UTC, and no newer record is there.")
    return check(
        DEGRADED,
        f"It shows {now:%Y-%m-%d %H:%M:%S} UTC, and the newest record is of {newest:%Y-%m-%d %H:%M:%S} UTC. This "
        "host's clock is behind, or another one was ahead: set it, and let all hosts follow one time server.",
    )


def model_identity() -> dict[str, str | None]:
    """Name the active model, or nothing where there is none."""
    try:
        model = current_service().models.active().identity
    except (NoModel, SQLAlchemyError):
        return dict.fromkeys(("model_version", "model_name", "model_sha256", "evidence", "trained_on"))
    return {
        "model_version": model.version,
        "model_name": model.name,
        "model_sha256": model.sha256,
        "evidence": model.evidence.value,
        "trained_on": model.trained_on.value,
    }


def check(status: str, detail: str) -> Check:
    """Return what a check found."""
    return {"status": status, "detail": detail}
