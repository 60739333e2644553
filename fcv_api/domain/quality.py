"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md. Limits and tolerances are those of `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS, Limits
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec

HEART_RATE, PULSE = INDEX_BY_NAME["MDC_ECG_HEART_RATE"], INDEX_BY_NAME["MDC_PULS_OXIM_PULS_RATE"]
ECTOPY, PERFUSION = INDEX_BY_NAME["MDC_ECG_V_P_C_RATE"], INDEX_BY_NAME["MDC_BLD_PERF_INDEX"]
NEVER_FLAT = (PERFUSION, HEART_RATE, PULSE)
LAST_ROWS = 3
LAST = f"last {LAST_ROWS} instants"
LATE = timedelta(minutes=15)
FILLED_SHARE = 0.25
RATE_GAP = 20.0  # /min

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
        *_outrun(encounter, window),
        *_values(raw),
        *_implausible(encounter),
        *_filled(raw),
        *_flat(raw),
        *_rates(raw),
        *_conflicts(encounter, window),
        *_sampling(raw, spec),
        *_not_entered(raw),
        *_unknown_units(encounter),
    )


def _say(code: str, sign: int, words: str) -> ScoreWarning:
    return ScoreWarning(code, SIGNS[sign].name, f"{SIGNS[sign].name}: {words}")


def _shown(values: list[float], sign: int) -> str:
    return f"{', '.join(f'{value:g}' for value in values)} {SIGNS[sign].unit.words}"


def _values(raw: _Raw) -> Iterator[ScoreWarning]:
    """Warn of values in the last rows that endanger life, or that are hardly a patient's."""
    values = raw.values[-LAST_ROWS:]  # (3, 9)
    danger = raw.measured[-LAST_ROWS:] & ((values <= _LOW) | (values >= _HIGH))
    critical = danger.any(axis=0)
    unusual = (values < _USUAL_LOW) | (values > _USUAL_HIGH)
    unusual[:, ECTOPY] = values[:, ECTOPY] > values[:, HEART_RATE]
    for sign in np.flatnonzero(critical).tolist():
        told = _shown(values[danger[:, sign], sign].tolist(), sign)
        yield _say("critical_value", sign, f"{told} in the {LAST}; {_danger(_LIMITS[sign])} is critical.")
    for sign in np.flatnonzero(unusual.any(axis=0) & ~critical).tolist():
        told = _shown(sorted(set(values[unusual[:, sign], sign].tolist())), sign)
        if _STATIC[sign] and values[-1, sign] < _USUAL_LOW[sign]:
            yield _say("not_adult", sign, f"{told} is no adult's; the model reads adults.")
        else:
            yield _say("unusual_value", sign, f"{told} in the {LAST}; usual is {_usual(sign)}.")


def _danger(limits: Limits) -> str:
    told = ((limits.low, "less"), (limits.high, "more"))
    return ", or ".join(f"{limit:g} or {word}" for limit, word in told if isfinite(limit))


def _usual(sign: int) -> str:
    low, high = _LIMITS[sign].usual
    return f"{low:g} to {high:g}" if isfinite(high) else "at most the heart rate"


def _implausible(encounter: Encounter) -> Iterator[ScoreWarning]:
    for each in encounter.implausible:
        low, high = _LIMITS[each.sign].hard
        limits = f"{low:g} to {high:g} {SIGNS[each.sign].unit.words}"
        last = encounter.as_sent(each.last)
        words = f"{each.count} of its values lay outside {limits} and were dropped, the last at {last}."
        yield _say("implausible_value", each.sign, words)


def _filled(raw: _Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that were filled for the most part or at the end. Temperature is charted slowly, so it may be."""
    rows = len(raw.values)
    filled = rows - raw.measured.sum(axis=0)  # (9,)
    age = (raw.instants[-1] - raw.last_measured) / MINUTE  # (9,), NaN for never
    for sign in np.flatnonzero((_GAPS_COUNT & (filled >= FILLED_SHARE * rows)) | (age > _OLD)).tolist():
        ago = f"{age[sign]:.0f} minutes before" if age[sign] else "at"
        words = f"{filled[sign]} of {rows} values were filled; last measured {ago} the window's end."
        yield _say("filled", sign, words)


def _flat(raw: _Raw) -> Iterator[ScoreWarning]:
    flat = raw.measured.all(axis=0) & (raw.values == raw.values[0]).all(axis=0)
    for sign in NEVER_FLAT:
        if flat[sign]:
            told = _shown([raw.values[0, sign]], sign)
            words = f"{told} in all {len(raw.values)} instants. A pacemaker can do that; so can a detached sensor."
            yield _say("flat_line", sign, words)


def _rates(raw: _Raw) -> Iterator[ScoreWarning]:
    both = raw.measured[:, HEART_RATE] & raw.measured[:, PULSE]
    apart = both & (np.abs(raw.values[:, HEART_RATE] - raw.values[:, PULSE]) > RATE_GAP)
    if apart.any() and 2 * apart.sum() >= both.sum():
        words = (
            f"over {RATE_GAP:g} /min apart from {SIGNS[HEART_RATE].name} in {apart.sum()} of {both.sum()} instants. "
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
    counts, most = (apart > _APART).sum(axis=0).tolist(), apart.max(axis=0).tolist()
    for sign in np.flatnonzero(counts).tolist():
        told, of = _shown([most[sign]], sign), f"{counts[sign]} of {len(apart)} instants"
        words = f"values of one instant up to {told} apart, at {of}; the mean was used."
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
    for sign in np.flatnonzero(_STATIC & np.isnan(raw.values[-1])).tolist():
        yield _say("not_entered", sign, "was never entered. The model was given a placeholder for it.")


def _unknown_units(encounter: Encounter) -> Iterator[ScoreWarning]:
    for sign, unit in encounter.unknown_units:
        own = SIGNS[sign].unit.words
        yield _say("unknown_unit", sign, f"the unit {unit!r} is not known; the values were taken for {own}.")


def _outrun(encounter: Encounter, window: Window) -> Iterator[ScoreWarning]:
    if encounter.newest is not None and encounter.newest - window.instants[-1] > np.timedelta64(LATE):
        sent = encounter.as_sent(encounter.newest)
        words = (
            f"The window ends at {window.last}; rows were sent up to {sent}, without a measurement of the nine signs."
        )
        yield ScoreWarning("stale", None, words)
