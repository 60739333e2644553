"""The check of the feed behind `/health/ready`: whether anything scores the beds, and in time."""

from __future__ import annotations

from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import clock, process, status
from fcv_api.feed.clock import Doubted
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
    """Return who scores the beds, how many turns are over a minute late, and whether the clock is doubted.

    `/predict` needs none of it.
    """
    if not current_service().feed:
        return check(OK, "FCV_FEED is off: no bed is scored by itself.")
    try:
        now = database_now()
        slot = slot_due(now - status.LATE_AFTER, current_service().settle_seconds, step_of(WindowSpec()))
        late, doubt = status.late(slot, now), clock.doubted(now)
        seen = [f"{each.host}:{each.pid}" for each in activations.workers() if process.is_feed(each.host)]
    except SQLAlchemyError:
        return check(DEGRADED, "The database does not say how the feed stands.")
    return _said(seen, late, doubt)


def _said(seen: list[str], late: int, doubt: Doubted | None) -> Check:
    """Return the check. seen: who scores. A clock that is doubted by old arrivals alone is said, and no fault."""
    starts = not seen and not late and monotonic() - BEGAN < SECONDS_TO_START
    who = AWAITED if starts else f"Scored by {', '.join(seen)};" if seen else NOBODY
    words = [who]
    if late or seen:
        words.append(status.late_in_words(late))
    if late and seen:
        words.append(LATE)
    if doubt:
        words += [doubt.detail, doubt.advice]
    wrong = late or not (seen or starts) or (doubt and doubt.is_new)
    return check(DEGRADED if wrong else OK, " ".join(words))
