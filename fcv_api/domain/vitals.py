"""The nine vital signs that a model reads, and what their values may be.

All limits, danger ranges and tolerances are engineering judgement until a clinician signs them. Hard and usual limits
were put together from the cleaning code of MIMIC (mimic-code, MIMIC-Extract), ricu, the HiRID benchmark and the manuals
of bedside monitors; the danger ranges follow the outer bands of common early-warning scores. Where the other bands come
from, and where they leave their source because a ward could not bear the burden, docs/model.md says sign by sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import inf

from fcv_api.domain.units import BEATS, BREATHS, CELSIUS, CENTIMETRE, KILOGRAM, PERCENT, Unit

Range = tuple[float, float]
NEVER = (-inf, inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What values of one sign may be, in its own unit.

    hard: outside, it is no measurement. usual: outside, it is kept and warned of.
    low, high: at or below the one, at or above the other, it is a danger to life.
    level: the same for the median of three measurements: somebody must look. serious, notable: the same where two signs
    are serious, or three notable.
    fall, rise: how far the middle of the last three measurements may lie from that of the window's first three.
    apart: how far two values of one instant may lie apart. missing: how exports write that there is no value.
    """

    hard: Range
    usual: Range
    low: float = -inf
    high: float = inf
    level: Range = NEVER
    serious: Range = NEVER
    notable: Range = NEVER
    fall: float = inf
    rise: float = inf
    apart: float
    missing: float | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """One vital sign, by its reference id and code in IEEE 11073-10101."""

    name: str
    code: int
    unit: Unit
    limits: Limits
    static: bool = False
    """Entered once, not measured by a sensor: height and weight. Below its usual limits, it is no adult's."""
    carried: timedelta = timedelta(0)
    """How long before a window's first instant the last value may lie when none was measured inside it."""


# Levels are NEWS2's bands of three points (Royal College of Physicians 2017), but for saturation, 91 or less there: the
# target of lung disease (BTS 2017); and for respiration, 25 or more there: one stable window in twenty has it.
# Temperature has two points from 39.1. Notable: NEWS2's lesser points, qSOFA's respiration (22), SIRS's temperature.
# Heart rate 0 and respiration 0 are real in an arrest: a lower limit above them would delete what is to be found.
PERFUSION_LIMITS = Limits(
    hard=(0, 20), usual=(0.3, 20), level=(0.35, inf), serious=(0.45, inf), notable=(0.6, inf), apart=1
)
HEART_RATE_LIMITS = Limits(
    hard=(0, 350),
    usual=(20, 250),
    low=30,
    high=170,
    level=(40, 131),
    serious=(45, 120),
    notable=(50, 111),
    fall=30,
    rise=40,
    apart=10,
)
ECTOPY_LIMITS = Limits(
    hard=(0, 300), usual=(0, inf), high=30, level=(-inf, 15), serious=(-inf, 12), notable=(-inf, 10), apart=10
)  # usually below the heart rate
HEIGHT_LIMITS = Limits(hard=(20, 275), usual=(120, 230), apart=5, missing=0)
WEIGHT_LIMITS = Limits(hard=(0.3, 500), usual=(30, 250), apart=5, missing=0)
PULSE_LIMITS = Limits(hard=(0, 350), usual=(20, 300), low=30, high=170, level=(40, 131), apart=10)
SATURATION_LIMITS = Limits(
    hard=(0, 100),
    usual=(50, 100),
    low=80,
    level=(85, inf),
    serious=(88, inf),
    notable=(91, inf),
    fall=6,
    apart=4,
    missing=-100,
)
TEMPERATURE_LIMITS = Limits(
    hard=(10, 50), usual=(32, 42), level=(35.0, 39.1), serious=(35.5, 39.0), notable=(36.0, 38.5), apart=0.5
)
RESPIRATION_LIMITS = Limits(
    hard=(0, 200), usual=(0, 70), low=6, high=40, level=(8, 30), serious=(9, 27), notable=(9, 22), rise=10, apart=10
)

# The order is the default model's. Temperature is charted slowly: every 4 h in most wards, hence 6 h.
SIGNS = (
    Sign("MDC_BLD_PERF_INDEX", 150488, PERCENT, PERFUSION_LIMITS),
    Sign("MDC_ECG_HEART_RATE", 147842, BEATS, HEART_RATE_LIMITS),
    Sign("MDC_ECG_V_P_C_RATE", 148066, BEATS, ECTOPY_LIMITS),
    Sign("MDC_LEN_BODY_ACTUAL", 188740, CENTIMETRE, HEIGHT_LIMITS, static=True),
    Sign("MDC_MASS_BODY_ACTUAL", 188736, KILOGRAM, WEIGHT_LIMITS, static=True),
    Sign("MDC_PULS_OXIM_PULS_RATE", 149530, BEATS, PULSE_LIMITS),
    Sign("MDC_PULS_OXIM_SAT_O2", 150456, PERCENT, SATURATION_LIMITS),
    Sign("MDC_TEMP", 150344, CELSIUS, TEMPERATURE_LIMITS, carried=timedelta(hours=6)),
    Sign("MDC_TTHOR_RESP_RATE", 151578, BREATHS, RESPIRATION_LIMITS),
)

SIGN_NAMES = tuple(sign.name for sign in SIGNS)
INDEX_BY_NAME = {sign.name: index for index, sign in enumerate(SIGNS)}
INDEX_BY_CODE = {sign.code: index for index, sign in enumerate(SIGNS)}
