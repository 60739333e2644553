"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md. Limits and tolerances are those of `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.vitals import SIGN_NAMES, SIGNS, Limits
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec

LAST = f"last {limits.LAST_ROWS} instants"


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A window by the order of `vitals.SIGNS`, whatever the model's is, and the encounter as known at its end.

    values, measured: (instants, 9). last_measured: (9,), NaT for never. instants: (instants,).
    step_minutes: between instants, as the model was trained.
    """

    encounter: Encounter
    values: Matrix
    measured: NDArray[np.bool_]
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]
    step_minutes: float

    @classmethod
    def of(cls, encounter: Encounter, window: Window, spec: WindowSpec) -> Raw:
        """Put the columns of a model's window in order."""
        order = slice(None) if spec.signs == SIGN_NAMES else [spec.signs.index(name) for name in SIGN_NAMES]
        values, measured = window.raw[:, order], window.measured[:, order]
        return cls(encounter, values, measured, window.last_measured[order], window.instants, spec.step_minutes)


def inspect(encounter: Encounter, window: Window, spec: WindowSpec) -> tuple[ScoreWarning, ...]:
    """Read the raw window of an encounter, and give what must be known before its score is read."""
    raw = Raw.of(encounter, window, spec)
    return tuple(warning for check in CHECKS for warning in check(raw))


def _say(code: str, sign: int, words: str) -> ScoreWarning:
    return ScoreWarning(code, SIGNS[sign].name, f"{SIGNS[sign].name}: {words}")


def _shown(values: list[float], sign: int) -> str:
    return f"{', '.join(f'{value:g}' for value in values)} {SIGNS[sign].unit.words}"


def _values(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values in the last rows that endanger life, or that are hardly a patient's."""
    values = raw.values[-limits.LAST_ROWS :]  # (3, 9)
    danger = raw.measured[-limits.LAST_ROWS :] & ((values <= limits.LOW) | (values >= limits.HIGH))
    critical = danger.any(axis=0)
    unusual = (values < limits.USUAL_LOW) | (values > limits.USUAL_HIGH)
    unusual[:, limits.ECTOPY] = values[:, limits.ECTOPY] > values[:, limits.HEART_RATE]
    for sign in critical.nonzero()[0].tolist():
        told = _shown(values[danger[:, sign], sign].tolist(), sign)
        yield _say("critical_value", sign, f"{told} in the {LAST}; {_danger(SIGNS[sign].limits)} is critical.")
    for sign in (unusual.any(axis=0) & ~critical).nonzero()[0].tolist():
        told = _shown(sorted(set(values[unusual[:, sign], sign].tolist())), sign)
        if limits.STATIC[sign] and values[-1, sign] < limits.USUAL_LOW[sign]:
            yield _say("not_adult", sign, f"{told} is no adult's; the model reads adults.")
        else:
            yield _say("unusual_value", sign, f"{told} in the {LAST}; usual is {_usual(sign)}.")


def _danger(of: Limits) -> str:
    told = ((of.low, "less"), (of.high, "more"))
    return ", or ".join(f"{limit:g} or {word}" for limit, word in told if isfinite(limit))


def _usual(sign: int) -> str:
    low, high = SIGNS[sign].limits.usual
    return f"{low:g} to {high:g}" if isfinite(high) else "at most the heart rate"


def _implausible(raw: Raw) -> Iterator[ScoreWarning]:
    for each in raw.encounter.implausible:
        low, high = SIGNS[each.sign].limits.hard
        hard = f"{low:g} to {high:g} {SIGNS[each.sign].unit.words}"
        last = raw.encounter.as_sent(max(each.instants))
        words = f"{each.count} of its values lay outside {hard} and were dropped, the last at {last}."
        yield _say("implausible_value", each.sign, words)


def _filled(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that were filled for the most part or at the end. Temperature is charted slowly, so it may be."""
    rows = len(raw.values)
    filled = rows - raw.measured.sum(axis=0)  # (9,)
    age = (raw.instants[-1] - raw.last_measured) / MINUTE  # (9,), NaN for never
    told = (limits.GAPS_COUNT & (filled >= limits.FILLED_SHARE * rows)) | (age > limits.OLD)
    for sign in told.nonzero()[0].tolist():
        ago = f"{age[sign]:.0f} minutes before" if age[sign] else "at"
        words = f"{filled[sign]} of {rows} values were filled; last measured {ago} the window's end."
        yield _say("filled", sign, words)


def _flat(raw: Raw) -> Iterator[ScoreWarning]:
    flat = raw.measured.all(axis=0) & (raw.values == raw.values[0]).all(axis=0)
    for sign in limits.NEVER_FLAT:
        if flat[sign]:
            told = _shown([raw.values[0, sign]], sign)
            words = f"{told} in all {len(raw.values)} instants. A pacemaker can do that; so can a detached sensor."
            yield _say("flat_line", sign, words)


def _rates(raw: Raw) -> Iterator[ScoreWarning]:
    both = raw.measured[:, limits.HEART_RATE] & raw.measured[:, limits.PULSE]
    apart = both & (np.abs(raw.values[:, limits.HEART_RATE] - raw.values[:, limits.PULSE]) > limits.RATE_GAP)
    if apart.any() and 2 * apart.sum() >= both.sum():
        words = (
            f"over {limits.RATE_GAP:g} /min apart from {SIGNS[limits.HEART_RATE].name} "
            f"in {apart.sum()} of {both.sum()} instants. "
            "Beats without a pulse can do that; so can a sensor that hangs loose."
        )
        yield _say("rate_mismatch", limits.PULSE, words)


def _conflicts(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values of one sign and one instant of the window that lie too far apart to be one patient's."""
    inside = raw.encounter.instants >= raw.instants[0]
    if inside.sum() <= raw.measured.sum():
        return  # no sign has two values at an instant
    signs, values = raw.encounter.signs[inside], raw.encounter.values[inside]
    rows = np.searchsorted(raw.instants, raw.encounter.instants[inside])
    apart = spread(rows, signs, values, len(raw.instants))  # (instants, 9)
    counts, most = (apart > limits.APART).sum(axis=0).tolist(), apart.max(axis=0).tolist()
    for sign in np.flatnonzero(counts).tolist():
        told, of = _shown([most[sign]], sign), f"{counts[sign]} of {len(apart)} instants"
        words = f"values of one instant up to {told} apart, at {of}; the mean was used."
        yield _say("conflicting_values", sign, words)


def spread(rows: NDArray[np.intp], signs: NDArray[np.intp], values: Matrix, count: int) -> Matrix:
    """Give, (count, 9), how far the values of one sign in one row lie apart; -inf where there is none."""
    cells, size = rows * len(SIGNS) + signs, count * len(SIGNS)
    lowest, highest = np.full(size, inf), np.full(size, -inf)
    np.fmin.at(lowest, cells, values)
    np.fmax.at(highest, cells, values)
    apart: Matrix = np.round((highest - lowest).reshape(-1, len(SIGNS)), 6)
    return apart


def _sampling(raw: Raw) -> Iterator[ScoreWarning]:
    steps = np.diff(raw.instants) / MINUTE
    odd = steps[(steps < raw.step_minutes / 2) | (steps > raw.step_minutes * 2)]
    if len(odd):
        words = (
            f"{len(odd)} of {len(steps)} steps between instants are under half or over twice the model's "
            f"{raw.step_minutes:g} minutes: from {steps.min():.1f} to {steps.max():.1f}."
        )
        yield ScoreWarning("irregular_sampling", None, words)


def _not_entered(raw: Raw) -> Iterator[ScoreWarning]:
    for sign in (limits.STATIC & np.isnan(raw.values[-1])).nonzero()[0].tolist():
        yield _say("not_entered", sign, "was never entered. The model was given a placeholder for it.")


def _unknown_units(raw: Raw) -> Iterator[ScoreWarning]:
    for sign, unit in raw.encounter.unknown_units:
        own = SIGNS[sign].unit.words
        yield _say("unknown_unit", sign, f"the unit {unit!r} is not known; the values were taken for {own}.")


def _outrun(raw: Raw) -> Iterator[ScoreWarning]:
    encounter, end = raw.encounter, raw.instants[-1]
    if encounter.newest is not None and encounter.newest - end > np.timedelta64(limits.LATE):
        sent, last = encounter.as_sent(encounter.newest), encounter.as_sent(end)
        words = f"The window ends at {last}; rows were sent up to {sent}, without a measurement of the nine signs."
        yield ScoreWarning("stale", None, words)


Check = Callable[[Raw], Iterator[ScoreWarning]]
CHECKS: tuple[Check, ...] = (
    *(_outrun, _values, _implausible, _filled, _flat, _rates, _conflicts, _sampling, _not_entered, _unknown_units),
)
