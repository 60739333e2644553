"""Two outcomes as they are given to the record, and how they are recorded alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fcv_api.extensions.cursors import write_attempts
from fcv_api.ledger import record
from fcv_api.ledger.record import Entry, Record

PREDICTION = Entry(
    started=0.0,
    encounter=5501,
    user_id=7,
    request_id="request-1",
    body_sha256="b" * 64,
    model_name="fcv-sim",
    model_version="2.0.0",
    model_sha256="c" * 64,
    window_first="2024-03-03T12:55:00.000000Z",
    window_last="2024-03-03T14:30:00.000000Z",
    window_raw=np.array([[1.1, 88.0, 2.0, np.nan, 70.0, 88.0, 97.0, 36.6, 18.0]] * 20).tobytes(),
    probabilities='{"cardiac_arrest":0.1,"low_cardiac_output":0.2,"none_of_these":0.6,"cardiogenic_shock":0.1}',
    state="none_of_these",
    warnings="[]",
    runtime="ai-edge-litert 0 x86_64",
)
REFUSAL = Entry(
    started=0.0, encounter=5502, user_id=7, request_id="request-2", body_sha256="d" * 64, problem="too-few-instants"
)


def append(entries: Sequence[Entry], started: float) -> list[Record]:
    """Record entries in a transaction of their own. started: of all."""
    records: list[Record] = []
    for attempt in write_attempts():
        with attempt as cursor:
            records = record.append(cursor, [entry._replace(started=started) for entry in entries])
    return records
