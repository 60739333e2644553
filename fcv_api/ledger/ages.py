"""How old the windows of the last hour were when they were scored."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select

from fcv_api.extensions import read_transaction
from fcv_api.ledger.record import id_prefix, utc_moment
from fcv_api.ledger.tables import PredictionRow

LOOKED_AT = 200
"""Of the newest: as many as say enough, so that a busy ward's hour costs no more than a quiet one's."""
LAST_HOUR = timedelta(hours=1)


def usual_age(now: datetime) -> timedelta | None:
    """Return the median of record's time less window's end, over the last hour; None where nothing was scored."""
    row = PredictionRow
    newest = select(row.at, row.window_last).where(row.id >= id_prefix(now - LAST_HOUR), row.window_last.is_not(None))
    with read_transaction() as connection:
        found = connection.execute(newest.order_by(row.seq.desc()).limit(LOOKED_AT)).all()
    ages = [(utc_moment(at) - utc_moment(last)).total_seconds() for at, last in found if last]
    return timedelta(seconds=median(ages)) if ages else None
