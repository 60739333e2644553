"""The nine vital signs that a model reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Sign:
    """One vital sign, by its reference id and code in IEEE 11073-10101."""

    name: str
    code: int
    static: bool = False
    """Entered once, not measured by a sensor: height and weight."""
    carried: timedelta = timedelta(0)
    """How long before a window's first instant the last value may lie when none was measured inside it."""


# The order is the default model's. Temperature is charted slowly: every 4 h in most wards, hence 6 h.
SIGNS = (
    Sign("MDC_BLD_PERF_INDEX", 150488),
    Sign("MDC_ECG_HEART_RATE", 147842),
    Sign("MDC_ECG_V_P_C_RATE", 148066),
    Sign("MDC_LEN_BODY_ACTUAL", 188740, static=True),
    Sign("MDC_MASS_BODY_ACTUAL", 188736, static=True),
    Sign("MDC_PULS_OXIM_PULS_RATE", 149530),
    Sign("MDC_PULS_OXIM_SAT_O2", 150456),
    Sign("MDC_TEMP", 150344, carried=timedelta(hours=6)),
    Sign("MDC_TTHOR_RESP_RATE", 151578),
)

SIGN_NAMES = tuple(sign.name for sign in SIGNS)
INDEX_BY_NAME = {sign.name: index for index, sign in enumerate(SIGNS)}
INDEX_BY_CODE = {sign.code: index for index, sign in enumerate(SIGNS)}
