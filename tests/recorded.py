"""Two outcomes as they are given to the record."""

from __future__ import annotations

import numpy as np

from fcv_api.ledger.record import Record

PREDICTION = Record(
    5501,
    7,
    "request-1",
    "b" * 64,
    None,
    "fcv-sim",
    "1.0.0",
    "c" * 64,
    "2024-03-03T12:55:00.000000Z",
    "2024-03-03T14:30:00.000000Z",
    np.array([[1.1, 88.0, 2.0, np.nan, 70.0, 88.0, 97.0, 36.6, 18.0]] * 20).tobytes(),
    '{"cardiac_arrest":0.1,"low_cardiac_output":0.2,"none_of_these":0.6,"cardiogenic_shock":0.1}',
    "none_of_these",
    "[]",
    "ai-edge-litert 0 x86_64",
)
REFUSAL = Record(5502, 7, "request-2", "d" * 64, "too-few-instants")
