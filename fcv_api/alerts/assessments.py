"""A record as a policy reads it: the same for a record as it is made, and for a simulation over the old ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from fcv_api.domain.policy import Assessment
from fcv_api.domain.prediction import State
from fcv_api.ledger.record import Record, utc_moment
from fcv_api.ledger.sources import is_test

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Stream = tuple[int, int]
"""An encounter, and the account that its records are of: what one client sends ends no other's alert."""


def stream_of(record: Record) -> Stream:
    """Return whose record it is."""
    return record.encounter, record.user_id


def assessment_of(record: Record, model_sha256: str | None) -> Assessment | None:
    """Return a record as a policy reads it; None of a test source, which never alerts.

    model_sha256: whose score counts. Its time is that of its slot, or of its window's end. A window that ends in the
    future, as by a wrong clock, is of the time when it was recorded: it must not make all later ones old.
    """
    if is_test(record.sources):
        return None
    if record.problem is not None:
        return Assessment(microseconds(record.at), None, (), refused=True)
    counts = model_sha256 is not None and record.model_sha256 == model_sha256
    probabilities = {State(name): each for name, each in orjson.loads(record.probabilities or "{}").items()}
    warnings = [(each["code"], each["sign"]) for each in orjson.loads(record.warnings or "[]")]
    return Assessment(_time_of(record), probabilities if counts else None, warnings)


def _time_of(record: Record) -> int:
    if record.slot is not None:
        return record.slot
    return min(microseconds(record.window_last or record.at), microseconds(record.at))


def microseconds(text: str) -> int:
    """Return an instant of the record, in microseconds."""
    return (utc_moment(text) - EPOCH) // MICROSECOND
