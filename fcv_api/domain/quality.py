"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md. Limits and tolerances are those of `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import ScoreWarning, State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS, Limits
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec

HEART_RATE, PULSE = INDEX_BY_NAME["MDC_ECG_HEART_RATE"], INDEX_BY_NAME["MDC_PULS_OXIM_PULS_RATE"]
ECTOPY, PERFUSION = INDEX_BY_NAME["MDC_ECG_V_P_C_RATE"], INDEX_BY_NAME["MDC_BLD_PERF_INDEX"]
NEVER_FLAT = (PERFUSION, HEART_RATE, PULSE)
LAST_ROWS = 3
LATE = timedelta(minutes=15)
FUTURE = timedelta(minutes=2)  # what two clocks of one hospital may differ by
FILLED_SHARE = 0.25
RATE_GAP = 20.0  # /min
SURE, LEAD = 0.5, 0.1

_LIMITS = [sign.limits for sign in SIGNS]
_LOW, _HIGH = np.array([(each.low, each.high) for each in _LIMITS]).T
_USUAL_LOW, _USUAL_HIGH = np.array([each.usual for each in _LIMITS], dtype=np.float64).T
_APART = np.array([each.apart for each in _LIMITS])
_STATIC = np.array([sign.static for sign in SIGNS])
_CARRIED = np.array([bool(sign.carried) for sign in SIGNS])
_OLD = np.array([inf if each.static else (each.carried or LATE) / timedelta(minutes=1) for each in SIGNS])  # minutes
_GAPS_COUNT = ~(_STATIC | _CARRIED)


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """A window by the order of `vitals.SIGNS`, whatever the model's is.

    values, measured: (instants, 9). last_measured: (9,), NaT for never. instants: (instants,).
    """

    values: Matrix
    measured: NDArray[np.bool_]
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]

    @classmethod
    def of(cls, window: Window, spec: WindowSpec) -> _Raw:
        order = np.array([spec.signs.index(sign.name) for sign in SIGNS])
        values, measured = window.raw[:, order], window.measured[:, order]
        return cls(values, measured, window.last_measured[order], window.instants)


def inspect(encounter: Encounter, window: Window, spec: WindowSpec) -> tuple[ScoreWarning, ...]:
    """Read the raw window of an encounter, and give what must be known before its score is read."""
    raw = _Raw.of(window, spec)
    return (
        *_values(raw),
        *_implausible(encounter),
        *_filled(raw),
        *_flat(raw),
        *_rates(raw),
        *_conflicts(encounter, window),
        *_sampling(raw, spec),
        *_not_entered(raw),
        *_unknown_units(encounter),
        *_outrun(encounter, window),
    )


def _say(code: str, sign: int, words: str) -> ScoreWarning:
    return ScoreWarning(code, SIGNS[sign].name, f"{SIGNS[sign].name}: {words}")


def _shown(values: NDArray[np.float64], sign: int) -> str:
    return f"{', '.join(f'{value:g}' for value in values)} {SIGNS[sign].unit.ucum[0]}"


def _values(raw: _Raw) -> Iterator[ScoreWarning]:
    """Warn of values in the last rows that endanger life, or that are hardly a patient's."""
    values = raw.values[-LAST_ROWS:]  # (3, 9)
    danger = raw.measured[-LAST_ROWS:] & ((values <= _LOW) | (values >= _HIGH))
    critical = danger.any(axis=0)
    unusual = (values < _USUAL_LOW) | (values > _USUAL_HIGH)
    unusual[:, ECTOPY] = values[:, ECTOPY] > values[:, HEART_RATE]
    for sign in np.flatnonzero(critical):
        told = _shown(values[danger[:, sign], sign], sign)
        yield _say(
            "critical_value", sign, f"{told} in the last {LAST_ROWS} instants; {_danger(_LIMITS[sign])} is critical."
        )
    for sign in np.flatnonzero(unusual.any(axis=0) & ~critical):
        told = _shown(np.unique(values[unusual[:, sign], sign]), sign)
        if _STATIC[sign] and values[-1, sign] < _USUAL_LOW[sign]:
            yield _say("not_adult", sign, f"{told} is no adult's; the model reads adults.")
        else:
            yield _say("unusual_value", sign, f"{told} in the last {LAST_ROWS} instants; usual is {_usual(sign)}.")


def _danger(limits: Limits) -> str:
    return " or ".join(
        f"{limit:g} or {word}" for limit, word in ((limits.low, "less"), (limits.high, "more")) if isfinite(limit)
    )


def _usual(sign: int) -> str:
    low, high = _LIMITS[sign].usual
    return f"{low:g} to {high:g}" if isfinite(high) else "at most the heart rate"


def _implausible(encounter: Encounter) -> Iterator[ScoreWarning]:
    for each in encounter.implausible:
        low, high = _LIMITS[each.sign].hard
        told = f"outside {low:g} to {high:g} {SIGNS[each.sign].unit.ucum[0]}"
        last = encounter.as_sent(each.last)
        yield _say("implausible_value", each.sign, f"{_count(each.count)} {told} dropped; the last at {last}.")


def _count(number: int) -> str:
    return f"{number} value{'s' * (number > 1)}"


def _filled(raw: _Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that were filled for the most part or at the end. Temperature is charted slowly, so it may be."""
    rows = len(raw.values)
    filled = rows - raw.measured.sum(axis=0)  # (9,)
    age = (raw.instants[-1] - raw.last_measured) / MINUTE  # (9,), NaN for never
    for sign in np.flatnonzero((_GAPS_COUNT & (filled >= FILLED_SHARE * rows)) | (age > _OLD)):
        ago = f"{age[sign]:.0f} minutes before" if age[sign] else "at"
        words = f"{filled[sign]} of {rows} values were filled; last measured {ago} the window's end."
        yield _say("filled", sign, words)


def _flat(raw: _Raw) -> Iterator[ScoreWarning]:
    flat = raw.measured.all(axis=0) & (raw.values == raw.values[0]).all(axis=0)
    for sign in NEVER_FLAT:
        if flat[sign]:
            told = _shown(raw.values[:1, sign], sign)
            words = f"{told} in all {len(raw.values)} instants. A pacemaker can do that; so can a detached sensor."
            yield _say("flat_line", sign, words)


def _rates(raw: _Raw) -> Iterator[ScoreWarning]:
    both = raw.measured[:, HEART_RATE] & raw.measured[:, PULSE]
    apart = both & (np.abs(raw.values[:, HEART_RATE] - raw.values[:, PULSE]) > RATE_GAP)
    if apart.any() and 2 * apart.sum() >= both.sum():
        words = (
            f"differs from {SIGNS[HEART_RATE].name} by more than {RATE_GAP:g} /min in {apart.sum()} of {both.sum()} instants. "
            "Beats without a pulse can do that; so can a sensor that hangs loose."
        )
        yield _say("rate_mismatch", PULSE, words)


def _conflicts(encounter: Encounter, window: Window) -> Iterator[ScoreWarning]:
    """Warn of values of one sign and one instant of the window that lie too far apart to be one patient's."""
    inside = encounter.instants >= window.instants[0]
    if inside.sum() <= window.measured.sum():
        return  # no sign has two values at an instant
    signs, values = encounter.signs[inside], encounter.values[inside]
    cells = np.searchsorted(window.instants, encounter.instants[inside]) * len(SIGNS) + signs
    size = len(window.instants) * len(SIGNS)
    lowest, highest = np.full(size, inf), np.full(size, -inf)
    np.fmin.at(lowest, cells, values)
    np.fmax.at(highest, cells, values)
    apart = np.round((highest - lowest).reshape(-1, len(SIGNS)), 6)  # (instants, 9), -inf without a value
    for sign in np.flatnonzero((apart > _APART).any(axis=0)):
        count, most = (apart[:, sign] > _APART[sign]).sum(), _shown(apart[:, sign].max(keepdims=True), sign)
        words = f"several values at one instant, up to {most} apart, at {count} of {len(apart)} instants; their mean was used."
        yield _say("conflicting_values", sign, words)


def _sampling(raw: _Raw, spec: WindowSpec) -> Iterator[ScoreWarning]:
    steps = np.diff(raw.instants) / MINUTE
    odd = steps[(steps < spec.step_minutes / 2) | (steps > spec.step_minutes * 2)]
    if len(odd):
        words = (
            f"{len(odd)} of {len(steps)} steps between instants are under half or over twice the model's "
            f"{spec.step_minutes:g} minutes: from {steps.min():.1f} to {steps.max():.1f}."
        )
        yield ScoreWarning("irregular_sampling", None, words)


def _not_entered(raw: _Raw) -> Iterator[ScoreWarning]:
    for sign in np.flatnonzero(_STATIC & np.isnan(raw.values[-1])):
        yield _say("not_entered", sign, "was never entered. The model was given a placeholder for it.")


def _unknown_units(encounter: Encounter) -> Iterator[ScoreWarning]:
    for sign, unit in encounter.unknown_units:
        yield _say(
            "unknown_unit", sign, f"the unit {unit!r} is not known; values were used as {SIGNS[sign].unit.ucum[0]}."
        )


def _outrun(encounter: Encounter, window: Window) -> Iterator[ScoreWarning]:
    if encounter.newest is not None and encounter.newest - window.instants[-1] > np.timedelta64(LATE):
        words = (
            f"The window ends at {window.last}, but rows were sent up to {encounter.as_sent(encounter.newest)}: "
            "none of the nine signs was measured in the latest."
        )
        yield ScoreWarning("stale", None, words)


def stale(window: Window, now: datetime, after: timedelta) -> Iterator[ScoreWarning]:
    """Warn of a window that ended long ago, or that has not ended yet. now: with its offset."""
    age = now - window.end
    if age > after:
        yield ScoreWarning("stale", None, f"The window ended {_minutes(age)} ago: this is no score of now.")
    elif -age > FUTURE:
        words = f"The window ends {_minutes(-age)} in the future: a clock or a time zone is wrong."
        yield ScoreWarning("stale", None, words)


def _minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):.0f} minutes"


def undecided(probabilities: dict[State, float]) -> Iterator[ScoreWarning]:
    """Warn of a model that does not tell the states apart."""
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    lead = round(first - second, 6)
    if first < SURE or lead < LEAD:
        words = (
            f"The largest probability is {first:.2f} and leads by {lead:.2f}: the model does not tell the states apart."
        )
        yield ScoreWarning("undecided", None, words)
