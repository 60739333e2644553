"""The check of the feed behind `/health/ready`: whether anything scores the beds, and in time."""

from __future__ import annotations

from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import process, status
from fcv_api.feed.turns import database_now, slot_due
from fcv_api.web.readiness import DEGRADED, OK, Check, check
from fcv_api.web.requests import current_service

NOBODY = (
    "No process scores the beds: none has reported in the last 60 s. Start `fcv feed run`, or see why it ends: app.log."
)
BEGAN = monotonic()
SECONDS_TO_START = 60.0
"""For a process that is started beside this one, with a model to load. Turns that are late are said all the same."""
AWAITED = "The process that scores the beds is awaited: it has a minute to start."
LATE = "See app.log for lines of `feed:`, and `fcv feed status`."


def check_feed() -> Check:
    """Return who scores the beds, and how many turns are over a minute late. `/predict` needs none of it."""
    if not current_service().feed:
        return check(OK, "FCV_FEED is off: no bed is scored by itself.")
    try:
        now = database_now()
        slot = slot_due(now - status.LATE_AFTER, current_service().settle_seconds, step_of(WindowSpec()))
        late = status.late(slot, now)
        seen = [f"{each.host}:{each.pid}" for each in activations.workers() if process.is_feed(each.host)]
    except SQLAlchemyError:
        return check(DEGRADED, "The database does not say how the feed stands.")
    words = f"{late:,}{' or more' if late == status.MOST_COUNTED else ''} turns are over a minute late."
    if not seen and not late and monotonic() - BEGAN < SECONDS_TO_START:
        return check(OK, AWAITED)
    if not seen:
        return check(DEGRADED, f"{NOBODY} {words}" if late else NOBODY)
    detail = f"Scored by {', '.join(seen)}; {words}"
    return check(DEGRADED, f"{detail} {LATE}") if late else check(OK, detail)
