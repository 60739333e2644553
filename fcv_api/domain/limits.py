"""The limits of `vitals.SIGNS` as arrays, (9,), and what else the warnings are decided by."""

from __future__ import annotations

from datetime import timedelta
from math import inf

import numpy as np

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS

HEART_RATE, PULSE = INDEX_BY_NAME["MDC_ECG_HEART_RATE"], INDEX_BY_NAME["MDC_PULS_OXIM_PULS_RATE"]
ECTOPY, PERFUSION = INDEX_BY_NAME["MDC_ECG_V_P_C_RATE"], INDEX_BY_NAME["MDC_BLD_PERF_INDEX"]
SATURATION, RESPIRATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"], INDEX_BY_NAME["MDC_TTHOR_RESP_RATE"]
TEMPERATURE = INDEX_BY_NAME["MDC_TEMP"]
OXIMETER = (PULSE, SATURATION, PERFUSION)
PACED = (PERFUSION, HEART_RATE, PULSE)
FULL = 99.0  # %, saturation under oxygen
LAST_ROWS = 3
SINGLE_ROWS = 2  # after two more rows without it, a single value was an artefact
LATE = timedelta(minutes=15)
FILLED_SHARE = 0.25
CONFLICT_SHARE = 0.25
RATE_GAP = 20.0  # /min, in half of the rows
DEFICIT = 15.0  # /min, over the whole window
NO_PERFUSION = 0.3  # %: below the usual limits
PERFUSION_LEFT = 0.4  # of what it was at the window's start
POOR = 0.6  # %: a perfusion index that fell to less than this
SEVERAL, SERIOUS = 3, 2  # notable signs at once, and serious ones
TREND_CELLS = 2 * LAST_ROWS
NOISE = 3.0  # times what a sign changes by from row to row

_LIMITS = [sign.limits for sign in SIGNS]
LOW, HIGH = np.array([(each.low, each.high) for each in _LIMITS]).T
USUAL_LOW, USUAL_HIGH = np.array([each.usual for each in _LIMITS], dtype=np.float64).T
LEVEL_LOW, LEVEL_HIGH = np.array([each.level for each in _LIMITS], dtype=np.float64).T
SERIOUS_LOW, SERIOUS_HIGH = np.array([each.serious for each in _LIMITS], dtype=np.float64).T
NOTABLE_LOW, NOTABLE_HIGH = np.array([each.notable for each in _LIMITS], dtype=np.float64).T
FALL, RISE = np.array([(each.fall, each.rise) for each in _LIMITS]).T
APART = np.array([each.apart for each in _LIMITS])
STATIC = np.array([sign.static for sign in SIGNS])
GROSS = np.where(STATIC, 1 + 1e-9, 3.0)  # times the tolerance: too far apart even once
GROSS[TEMPERATURE] = 4.0  # two thermometers at two places of the body differ by more than three tolerances
MOVES = ~STATIC & (np.arange(len(SIGNS)) != ECTOPY)  # what a sensor of a living patient never says alike
CARRIED = np.array([np.timedelta64(sign.carried) for sign in SIGNS])
OLD = np.array([inf if each.static else (each.carried or LATE) / timedelta(minutes=1) for each in SIGNS])  # minutes
GAPS_COUNT = ~(STATIC | (np.timedelta64(0) < CARRIED))
