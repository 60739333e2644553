"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md; docs/warnings.md says why. First a screen sees whether a check
could have anything to say: of one window, or of all windows of an encounter at once (`screens`), by the same functions.
It may suspect a window of which its check then says nothing; it passes none of which the check would speak. Limits and
tolerances are those of `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import numpy as np

from fcv_api.domain import exports, limits, sensors
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.patient import speak_of_patient
from fcv_api.domain.raw_window import Cells, Flags, Levels, Raw, Vector
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec
from fcv_api.domain.words import ScoreWarning


def inspect(encounter: Encounter, window: Window, spec: WindowSpec) -> tuple[ScoreWarning, ...]:
    """Read the raw window of an encounter, and return what must be known before its score is read."""
    order = slice(None) if spec.signs == SIGN_NAMES else [spec.signs.index(name) for name in SIGN_NAMES]
    values, measured, last = window.raw[:, order], window.measured[:, order], window.last_measured[order]
    levels = levels_of(values, measured)
    raw = Raw(values, measured, last, window.instants, spec.step_minutes, levels, encounter, window.samples)
    return tuple(warning for screen, check in CHECKS if screen(raw) for warning in check(raw))


def levels_of(values: Matrix, measured: Flags) -> Levels:
    """Return the levels of one window or of many. values, measured: (n, ..., 9), oldest row first.

    A sign that was measured fewer than six times has no change: start and end would read the same cells. The perfusion
    index is skewed, and moves by shares: it has moved when it is poor, and was far better.
    """
    level, start = middle_of_last(values, measured), middle_of_last(values[::-1], measured[::-1])
    change = level - start
    if not measured.all():
        change[measured.sum(axis=0) < limits.TREND_CELLS] = 0
    moved = (change <= -limits.FALL) | (change >= limits.RISE)
    now, before, fall = (each[..., limits.PERFUSION] for each in (level, start, change))
    moved[..., limits.PERFUSION] = (now <= limits.PERFUSION_LEFT * before) & (now <= limits.POOR) & (fall < 0)
    grave = (level <= limits.LEVEL_LOW) | (level >= limits.LEVEL_HIGH)
    serious = (level <= limits.SERIOUS_LOW) | (level >= limits.SERIOUS_HIGH)
    notable = (level <= limits.NOTABLE_LOW) | (level >= limits.NOTABLE_HIGH)
    several = (notable.sum(axis=-1) >= limits.SEVERAL) | (serious.sum(axis=-1) >= limits.SERIOUS)
    return Levels(level, start, change, grave, notable, moved, several)


def middle_of_last(values: Matrix, measured: Flags) -> Vector:
    """Return each sign's median of its last three measurements in a window, or of how many it has.

    Of a sign without any, its last value. values, measured: (n, ..., 9), oldest row first. Returns (..., 9).
    """
    middle: Vector = np.sort(values[-limits.LAST_ROWS :], axis=0)[1]
    gaps = ~measured[-limits.LAST_ROWS :].all(axis=0)
    if gaps.any():
        middle[gaps] = _middle_between_gaps(values[:, gaps], measured[:, gaps])
    return middle


def _middle_between_gaps(values: Matrix, measured: Flags) -> Vector:
    """Return the same, (g,), of columns whose last three cells were not all measured. values, measured: (n, g)."""
    rank = np.cumsum(measured[::-1], axis=0)[::-1]  # 1 for the last measurement
    ordered = np.sort(np.where(measured & (rank <= limits.LAST_ROWS), values, inf), axis=0)
    of_two, of_three = (ordered[0] + ordered[1]) / 2, ordered[1]
    middle: Vector = np.choose(np.minimum(rank[0], limits.LAST_ROWS), [values[-1], ordered[0], of_two, of_three])
    return middle


def is_ill(cells: Cells, levels: Levels) -> Flags:
    """Suspect a danger in the last rows or twice, a heart rate of 0, an unusual value, a level, a trend, several."""
    values, last = cells.values, cells.values[-limits.LAST_ROWS :]
    danger = cells.measured & ((values <= limits.LOW) | (values >= limits.HIGH))  # (n, ..., 9)
    unusual = (last < limits.USUAL_LOW) | (last > limits.USUAL_HIGH)  # with every index without perfusion
    unusual[..., limits.ECTOPY] = last[..., limits.ECTOPY] > last[..., limits.HEART_RATE]
    danger_counts = danger[-limits.LAST_ROWS :].any(axis=0) | (danger.sum(axis=0) > 1)
    stands = danger[..., limits.HEART_RATE] & (values[..., limits.HEART_RATE] == 0)
    either: Flags = danger_counts | unusual.any(axis=0) | levels.grave | levels.moved
    flags: Flags = levels.several | either.any(axis=-1) | stands.any(axis=0)
    return flags


def has_gaps(cells: Cells) -> Flags:
    """Suspect signs that were filled for the most part or at the end."""
    flags: Flags = np.asarray(gaps_of(cells).any(axis=-1))
    return flags


def gaps_of(cells: Cells) -> Flags:
    """Return, (..., 9), which signs the warning `filled` is about."""
    missing = len(cells.measured) - cells.measured.sum(axis=0)
    age = (cells.instants[-1][..., np.newaxis] - cells.last_measured) / MINUTE  # (..., 9), NaN for never
    many = limits.GAPS_COUNT & (missing >= limits.FILLED_SHARE * len(cells.measured))
    gaps: Flags = many | (age > limits.OLD)
    return gaps


def is_flat(cells: Cells) -> Flags:
    """Suspect a sign that never moves, although a sensor measures it."""
    stands: Flags = np.all(cells.measured & (cells.values == cells.values[0]), axis=0)
    flags: Flags = (stands & limits.MOVES).any(axis=-1)
    return flags


def is_apart(cells: Cells) -> Flags:
    """Suspect rates that are apart in half of the rows: their median gap is only where half of the gaps are."""
    both: Flags = cells.measured[..., limits.HEART_RATE] & cells.measured[..., limits.PULSE]  # (n, ...)
    gap = cells.values[..., limits.HEART_RATE] - cells.values[..., limits.PULSE]
    apart: Flags = both & ((np.abs(gap) > limits.RATE_GAP) | (gap >= limits.DEFICIT))
    flags: Flags = apart.any(axis=0) & (2 * apart.sum(axis=0) >= both.sum(axis=0))
    return flags


def is_irregular(cells: Cells) -> Flags:
    """Suspect a step that is not the model's."""
    steps, wanted = np.diff(cells.instants, axis=0) / MINUTE, cells.step_minutes
    flags: Flags = np.any((steps < wanted / 2) | (steps > wanted * 2), axis=0)
    return flags


def is_not_entered(cells: Cells) -> Flags:
    """Suspect a height or weight that was never sent."""
    flags: Flags = (limits.STATIC & np.isnan(cells.values[-1])).any(axis=-1)
    return flags


def is_ill_or_dense(raw: Raw) -> bool:
    """Suspect the same, and of slots, or of several channels, any danger between their rows: it is soon known."""
    beside = raw.encounter.stored is not None and bool(raw.encounter.stored.beside)
    return raw.samples is not None or beside or bool(is_ill(raw, raw.levels))


def is_outrun(raw: Raw) -> bool:
    """Suspect a window that is much older than the newest row."""
    newest = raw.encounter.newest
    return newest is not None and bool(newest - raw.instants[-1] > np.timedelta64(limits.LATE))


def is_implausible(raw: Raw) -> bool:
    """Suspect an encounter of which values were dropped."""
    return bool(raw.encounter.implausible)


def has_doubles(raw: Raw) -> bool:
    """Suspect a sign that has two values at an instant. Of slots it is seen by the check."""
    inside = np.count_nonzero(raw.encounter.instants >= raw.instants[0])
    kept = raw.encounter.stored is not None and bool(raw.encounter.stored.conflicts)
    return raw.samples is not None or kept or bool(inside > np.count_nonzero(raw.measured))


def is_resampled(raw: Raw) -> bool:
    """Suspect a window of slots."""
    return raw.samples is not None


def has_unknown_units(raw: Raw) -> bool:
    """Suspect an encounter with a unit that nobody knows here."""
    return bool(raw.encounter.unknown)


def has_questionable(raw: Raw) -> bool:
    """Suspect an encounter with values that its monitor doubted."""
    return bool(raw.encounter.questionable)


Screen = Callable[[Any], Any]
"""Of a `Raw`, whether to ask its check. One of a `Cells` says it of all its windows, (w,)."""
Check = Callable[[Raw], Iterator[ScoreWarning]]
CHECKS: tuple[tuple[Screen, Check], ...] = (
    (is_outrun, exports.outrun),
    (is_ill_or_dense, speak_of_patient),
    (is_implausible, sensors.implausible),
    (has_questionable, sensors.questionable),
    (has_gaps, sensors.filled),
    (is_flat, sensors.flat),
    (is_apart, sensors.rates),
    (has_doubles, sensors.conflicts),
    (is_irregular, exports.sampling),
    (is_resampled, exports.resampled),
    (is_not_entered, exports.not_entered),
    (has_unknown_units, exports.unknown_units),
)
"""The gravest first."""
