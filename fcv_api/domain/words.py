"""How warnings word values and limits, for people."""

from __future__ import annotations

from math import isfinite

from fcv_api.domain.limits import LAST_ROWS
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.vitals import SIGNS


def warn(code: str, sign: int, words: str) -> ScoreWarning:
    """Return a warning of one sign."""
    return ScoreWarning(code, SIGNS[sign].name, f"{SIGNS[sign].name}: {words}")


def shown(values: list[float], sign: int) -> str:
    """Return a few values with their unit; of many, as dense rows have, the range and how many they are."""
    unit = SIGNS[sign].unit.words
    if len(values) <= LAST_ROWS:
        return f"{', '.join(f'{value:g}' for value in values)} {unit}"
    ends = sorted({min(values), max(values)})
    return f"{' to '.join(f'{value:g}' for value in ends)} {unit} ({len(values)} values)"


def danger_of(sign: int) -> str:
    """Return what is critical of a sign, such as `30 or less, or 170 or more`."""
    low, high = SIGNS[sign].limits.low, SIGNS[sign].limits.high
    named = ((low, "less"), (high, "more"))
    return ", or ".join(f"{limit:g} or {word}" for limit, word in named if isfinite(limit))


def usual_of(sign: int) -> str:
    """Return the usual limits of a sign."""
    low, high = SIGNS[sign].limits.usual
    return f"{low:g} to {high:g}" if isfinite(high) else "at most the heart rate"
