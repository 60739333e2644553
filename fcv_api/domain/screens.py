"""Which windows of an encounter may draw a warning, for all windows at once: by the screens of `quality.CHECKS`.

Those that read the window's cells serve as they are. The others have a form here that reads all of the encounter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits, quality
from fcv_api.domain.raw_window import Flags
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.samples import spread
from fcv_api.domain.words import ScoreWarning


def warnings_of(rolling: Rolling, wanted: Flags) -> list[tuple[ScoreWarning, ...]]:
    """Return what `quality.inspect` says of each window, as its encounter was known then. wanted: (w,)."""
    suspects = np.stack([_screen(rolling, screen) for screen, _ in quality.CHECKS], axis=1) & wanted[:, np.newaxis]
    found: list[tuple[ScoreWarning, ...]] = [()] * len(rolling)
    for window in np.flatnonzero(suspects.any(axis=1)).tolist():  # suspects: (w, checks)
        raw = rolling.raw(window, as_then=bool(suspects[window, OF_THE_PAST].any()))
        asked = (check for (_, check), asked in zip(quality.CHECKS, suspects[window].tolist(), strict=True) if asked)
        found[window] = tuple(warning for check in asked for warning in check(raw))
    return found


def _screen(rolling: Rolling, screen: quality.Screen) -> Flags:
    """Return, (w,), which windows a screen of one window suspects: by itself where it reads nothing but cells."""
    of_all = OF_ALL.get(screen)
    return of_all(rolling) if of_all else screen(rolling.cells)


def _outrun(rolling: Rolling) -> Flags:
    """Suspect none: when a window was the newest, nothing newer had been sent."""
    return np.zeros(len(rolling), dtype=np.bool_)


def _ill(rolling: Rolling) -> Flags:
    flags: Flags = quality.is_ill(rolling.cells, quality.levels_of(rolling.values, rolling.measured))
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


def _conflicts(rolling: Rolling) -> Flags:
    encounter, instants = rolling.history.encounter, rolling.history.instants
    present = ~np.isnan(encounter.values)
    if present.sum() <= np.count_nonzero(~np.isnan(rolling.history.measured)):
        return np.zeros(len(rolling), dtype=np.bool_)  # no sign has two values at an instant
    rows = np.searchsorted(instants, encounter.instants[present])
    apart = spread(rows, encounter.signs[present], encounter.values[present], len(instants))  # (t, 9)
    return _within(np.any(apart > limits.APART, axis=1), rolling.rows.first, rolling)


def _resampled(rolling: Rolling) -> Flags:
    return rolling.rows.resampled


def _unknown_units(rolling: Rolling) -> Flags:
    return _since(rolling, [each.since for each in rolling.history.encounter.unknown])


def _questionable(rolling: Rolling) -> Flags:
    """Suspect no window: only messages of monitors say what they doubt, and no file does."""
    return np.zeros(len(rolling), dtype=np.bool_)


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
OF_ALL: dict[quality.Screen, Screen] = {
    quality.is_outrun: _outrun,
    quality.is_ill_or_dense: _ill,
    quality.is_implausible: _implausible,
    quality.has_doubles: _conflicts,
    quality.is_resampled: _resampled,
    quality.has_unknown_units: _unknown_units,
    quality.has_questionable: _questionable,
}
"""The screens of one window that read more than its cells, and what does their work for all windows."""
OF_THE_PAST = [
    place
    for place, (screen, _) in enumerate(quality.CHECKS)
    if screen in (quality.is_implausible, quality.has_doubles, quality.has_unknown_units)
]
"""Those whose check reads more of the encounter than the window."""
