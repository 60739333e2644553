"""The limits of `vitals.SIGNS` as arrays, (9,), and what else the warnings are decided by."""

from __future__ import annotations

from datetime import timedelta
from math import inf

import numpy as np

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS

HEART_RATE, PULSE = INDEX_BY_NAME["MDC_ECG_HEART_RATE"], INDEX_BY_NAME["MDC_PULS_OXIM_PULS_RATE"]
ECTOPY, PERFUSION = INDEX_BY_NAME["MDC_ECG_V_P_C_RATE"], INDEX_BY_NAME["MDC_BLD_PERF_INDEX"]
NEVER_FLAT = (PERFUSION, HEART_RATE, PULSE)
LAST_ROWS = 3
LATE = timedelta(minutes=15)
FILLED_SHARE = 0.25
RATE_GAP = 20.0  # /min

_LIMITS = [sign.limits for sign in SIGNS]
LOW, HIGH = np.array([(each.low, each.high) for each in _LIMITS]).T
USUAL_LOW, USUAL_HIGH = np.array([each.usual for each in _LIMITS], dtype=np.float64).T
APART = np.array([each.apart for each in _LIMITS])
STATIC = np.array([sign.static for sign in SIGNS])
CARRIED = np.array([np.timedelta64(sign.carried) for sign in SIGNS])
OLD = np.array([inf if each.static else (each.carried or LATE) / timedelta(minutes=1) for each in SIGNS])  # minutes
GAPS_COUNT = ~(STATIC | (np.timedelta64(0) < CARRIED))
