"""Times of FHIR: an instant has a date, a time of day and an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from fcv_api.fhir.resources import Observation
from fcv_api.wire.cells import YEARS
from fcv_api.wire.columns import utc_microseconds
from fcv_api.wire.hl7.reasons import Reason

FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9})\d*)?(?:(Z)|([+-])(\d\d):(\d\d))?", re.ASCII)
LONGEST = 64
FARTHEST = timedelta(hours=14)


def time_of(observation: Observation) -> int | Reason:
    """Return when it was observed, in microseconds; of a period its end."""
    period = observation.effective_period
    said = observation.effective_date_time or observation.effective_instant or (period.end if period else None)
    if not said or not said.strip():
        return Reason.NO_TIME
    return _instant(said.strip()) if len(said) <= LONGEST else Reason.UNREADABLE_TIME


@lru_cache(1024)  # the observations of a Bundle share their times
def _instant(text: str) -> int | Reason:
    found = FORM.fullmatch(text)
    if not found:
        return Reason.UNREADABLE_TIME
    try:
        wall = datetime.fromisoformat(found[1])
    except ValueError:  # the 31st of February
        return Reason.UNREADABLE_TIME
    if wall.year not in YEARS:
        return Reason.UNREADABLE_TIME
    if not (found[3] or found[4]):
        return Reason.AMBIGUOUS_TIME
    size = timedelta(0) if found[3] else timedelta(hours=int(found[5]), minutes=int(found[6]))
    if size > FARTHEST:
        return Reason.UNREADABLE_TIME
    wall = wall.replace(microsecond=int((found[2] or "")[:6].ljust(6, "0")))
    return utc_microseconds(wall, timezone(-size if found[4] == "-" else size) if size else UTC)
