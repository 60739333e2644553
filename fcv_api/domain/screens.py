"""Which windows of an encounter may draw a warning, for all windows at once.

A screen may suspect a window of which its check then says nothing; it never passes one of which the check would speak.
The words are those of `quality.CHECKS`, which alone decide.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.quality import CHECKS
from fcv_api.domain.raw_window import Flags, changes, is_level, is_notable, is_trend, middle_of_last
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.samples import spread
from fcv_api.domain.window import MINUTE


def warnings_of(rolling: Rolling, wanted: Flags) -> list[tuple[ScoreWarning, ...]]:
    """Return what `quality.inspect` says of each window, as its encounter was known then. wanted: (w,)."""
    suspects = np.stack([screen(rolling) for screen in SCREENS], axis=1) & wanted[:, np.newaxis]  # (w, checks)
    found: list[tuple[ScoreWarning, ...]] = [()] * len(rolling)
    for window in np.flatnonzero(suspects.any(axis=1)).tolist():
        raw = rolling.raw(window, as_then=bool(suspects[window, OF_THE_PAST].any()))
        asked = (check for check, asked in zip(CHECKS, suspects[window].tolist(), strict=True) if asked)
        found[window] = tuple(warning for check in asked for warning in check(raw))
    return found


def _outrun(rolling: Rolling) -> Flags:
    """Suspect none: when a window was the newest, nothing newer had been sent."""
    return np.zeros(len(rolling), dtype=np.bool_)


def _values(rolling: Rolling) -> Flags:
    """Suspect what has a danger anywhere, an unusual value in the last rows, a level, a trend, or several signs."""
    last, measured = rolling.values[-limits.LAST_ROWS :], rolling.measured
    danger = measured & ((rolling.values <= limits.LOW) | (rolling.values >= limits.HIGH))  # (n, w, 9)
    unusual = (last < limits.USUAL_LOW) | (last > limits.USUAL_HIGH)  # with every index without perfusion
    unusual[:, :, limits.ECTOPY] = last[:, :, limits.ECTOPY] > last[:, :, limits.HEART_RATE]
    level = middle_of_last(rolling.values, measured)  # (w, 9)
    moved = is_trend(*changes(rolling.values, measured, level))
    several = is_notable(level).sum(axis=1) >= limits.SEVERAL
    flags: Flags = danger.any(axis=(0, 2)) | unusual.any(axis=(0, 2)) | (is_level(level) | moved).any(axis=1) | several
    return flags | _inside_slots(rolling)


def _inside_slots(rolling: Rolling) -> Flags:
    """Suspect a window of slots in which any instant has a danger, or one of the last slots an unusual value."""
    if not rolling.rows.resampled.any():
        return rolling.rows.resampled
    values = rolling.history.measured  # (t, 9), NaN where nothing was measured
    danger = (values <= limits.LOW) | (values >= limits.HIGH)
    odd = (values < limits.USUAL_LOW) | (values > limits.USUAL_HIGH)
    odd[:, limits.ECTOPY] |= values[:, limits.ECTOPY] > values[:, limits.HEART_RATE]
    since = np.searchsorted(rolling.history.instants, rolling.rows.since(limits.LAST_ROWS), side="right")
    late, ever = _within(odd.any(axis=1), since, rolling), _within(danger.any(axis=1), rolling.rows.first, rolling)
    return rolling.rows.resampled & (late | ever)


def _implausible(rolling: Rolling) -> Flags:
    instants = np.sort([instant for each in rolling.history.encounter.implausible for instant in each.instants])
    if not len(instants):
        return np.zeros(len(rolling), dtype=np.bool_)
    until = np.searchsorted(instants, rolling.last, side="right")
    flags: Flags = until > np.searchsorted(instants, rolling.rows.after[0], side="right")
    return flags


def _filled(rolling: Rolling) -> Flags:
    rows = len(rolling.values)
    many = limits.GAPS_COUNT & (rows - rolling.counts >= limits.FILLED_SHARE * rows)
    age = (rolling.last[:, np.newaxis] - rolling.last_measured) / MINUTE  # (w, 9), NaN for never
    flags: Flags = (many | (age > limits.OLD)).any(axis=1)
    return flags


def _flat(rolling: Rolling) -> Flags:
    stands = (rolling.counts == len(rolling.values)) & (rolling.values == rolling.values[0]).all(axis=0)  # (w, 9)
    flags: Flags = (stands & limits.MOVES).any(axis=1)
    return flags


def _rates(rolling: Rolling) -> Flags:
    """Suspect what is apart in half of the rows: a median of so much is only where half of them are."""
    values, measured = rolling.values, rolling.measured
    both = measured[:, :, limits.HEART_RATE] & measured[:, :, limits.PULSE]  # (n, w)
    gap = values[:, :, limits.HEART_RATE] - values[:, :, limits.PULSE]
    apart = both & ((np.abs(gap) > limits.RATE_GAP) | (gap >= limits.DEFICIT))
    flags: Flags = apart.any(axis=0) & (2 * apart.sum(axis=0) >= both.sum(axis=0))
    return flags


def _conflicts(rolling: Rolling) -> Flags:
    encounter, instants = rolling.history.encounter, rolling.history.instants
    present = ~np.isnan(encounter.values)
    if present.sum() <= np.count_nonzero(~np.isnan(rolling.history.measured)):
        return np.zeros(len(rolling), dtype=np.bool_)  # no sign has two values at an instant
    rows = np.searchsorted(instants, encounter.instants[present])
    apart = spread(rows, encounter.signs[present], encounter.values[present], len(instants))  # (t, 9)
    return _within(np.any(apart > limits.APART, axis=1), rolling.rows.first, rolling)


def _sampling(rolling: Rolling) -> Flags:
    steps, wanted = np.diff(rolling.rows.ends, axis=0) / MINUTE, rolling.spec.step_minutes  # (n - 1, w)
    flags: Flags = np.any((steps < wanted / 2) | (steps > wanted * 2), axis=0)
    return flags


def _resampled(rolling: Rolling) -> Flags:
    return rolling.rows.resampled


def _not_entered(rolling: Rolling) -> Flags:
    flags: Flags = (limits.STATIC & np.isnan(rolling.values[-1])).any(axis=1)
    return flags


def _unknown_units(rolling: Rolling) -> Flags:
    return _since(rolling, [each.since for each in rolling.history.encounter.unknown])


def _since(rolling: Rolling, starts: list[np.datetime64]) -> Flags:
    """Suspect every window from the first of some instants on."""
    if not starts:
        return np.zeros(len(rolling), dtype=np.bool_)
    flags: Flags = rolling.last >= min(starts)
    return flags


def _within(flags: Flags, first: NDArray[np.intp], rolling: Rolling) -> Flags:
    """Return for each window whether an instant with a flag lies in it. flags: (t,). first: (w,), where to begin."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    found: Flags = sums[rolling.spec.instants :] > sums[first]
    return found


Screen = Callable[[Rolling], Flags]
SCREENS: tuple[Screen, ...] = (
    *(_outrun, _values, _implausible, _filled, _flat, _rates, _conflicts, _sampling, _resampled),
    *(_not_entered, _unknown_units),
)
"""One a check, in the order of `quality.CHECKS`."""
OF_THE_PAST = [SCREENS.index(screen) for screen in (_implausible, _conflicts, _unknown_units)]
"""Those whose check reads more of the encounter than the window."""
