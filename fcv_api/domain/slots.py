"""Slots: denser rows as a model that learnt from one step between instants can read them.

A slot is one step long, and closed at its end: (10:00, 10:05] is the slot of 10:05. It holds the last value of each
sign measured in it. Last, and not mean: a mean would shrink the variance that the model learnt from snapshots. A model
that learnt from means says so in its manifest, and its slots hold means.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import forward_fill
from fcv_api.domain.errors import MissingSign, MissingSigns, TooFewInstants, WindowSpan
from fcv_api.domain.samples import Samples, Sampling
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import History, Matrix, Window, WindowSpec, last_measured, last_window

Instants = NDArray[np.datetime64]
Rows = NDArray[np.intp]
EPOCH = np.datetime64(0, "us")


def step_of(spec: WindowSpec) -> np.timedelta64:
    """Return the length of a slot."""
    return np.timedelta64(round(spec.step_minutes * 60_000_000), "us")


def slot_ends(instants: Instants, step: np.timedelta64, anchor: np.datetime64 | Instants = EPOCH) -> Instants:
    """Return, (t,), the end of the slot of each instant. anchor: where one slot ends; or one for each instant."""
    ends: Instants = anchor - (anchor - instants) // step * step
    return ends


def in_slots(history: History, ends: Instants, sampling: Sampling = Sampling.LAST) -> History:
    """Return a history of slots, with an instant at the end of each filled one. ends: (t,), ascending, of each instant.

    Several values of one sign at one instant are their mean, as everywhere: `History.of` has taken it. The mean of a
    slot is that of its instants.
    """
    if not len(ends):
        return history
    last = np.append(np.flatnonzero(ends[1:] != ends[:-1]), len(ends) - 1)  # (s,), the row of each slot's last instant
    first = np.append(0, last[:-1] + 1)
    if sampling is Sampling.MEAN:
        means = _means(history.measured, first)
        return History(history.encounter, ends[last], means, forward_fill(means))
    found = np.logical_or.reduceat(~np.isnan(history.measured), first, axis=0)  # (s, 9)
    filled = history.filled[last]  # the last value in the slot, or before it
    return History(history.encounter, ends[last], np.where(found, filled, np.nan), filled)


def _means(measured: Matrix, first: Rows) -> Matrix:
    """Return each sign's mean in each slot, (s, 9), NaN where it was not measured; of one value that value itself.

    measured: (t, 9). first: (s,), the row of each slot's first instant.
    """
    known = ~np.isnan(measured)
    counts = np.add.reduceat(known, first, axis=0, dtype=np.intp)
    sums = np.add.reduceat(np.where(known, measured, 0.0), first, axis=0)
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def on_the_clock(history: History, spec: WindowSpec, now: np.datetime64) -> History:
    """Return a history of slots at multiples of the step since the epoch, without one that has not ended by `now`."""
    ends = slot_ends(history.instants, step_of(spec))
    ended = int(np.searchsorted(ends, now, side="right"))
    return in_slots(history.until(ended), ends[:ended], spec.sampling)


def before_newest(history: History, spec: WindowSpec) -> History:
    """Return a history of slots that end at its newest instant."""
    return in_slots(history, slot_ends(history.instants, step_of(spec), history.instants[-1]), spec.sampling)


def window_on_the_clock(history: History, spec: WindowSpec, now: np.datetime64) -> Window:
    """Return the window of slots on the clock that have ended by `now`. Raises what `last_window` raises of slots.

    Where all rows lie at slot ends, it is that of the rows as they are.
    """
    history = history.until(int(np.searchsorted(history.instants, now, side="right")))
    window = last_window(on_the_clock(history, spec, now), spec)
    if bool(np.isin(history.instants, slot_ends(history.instants, step_of(spec))).all()):
        return window
    return _as_measured(window, history, spec)


def window_as_sent(history: History, spec: WindowSpec) -> Window:
    """Return the last window of the rows as they were sent, or of slots where those are too dense.

    For training, which knows no slot of the clock: what `scoring.window_of` gives. Raises what `last_window` raises.
    """
    try:
        return last_window(history, spec)
    except WindowSpan as reason:
        return last_window_in_slots(history, spec, reason)


def last_window_in_slots(history: History, spec: WindowSpec, refused: WindowSpan) -> Window:
    """Return the window of slots that end at the newest instant, where the window as sent was refused as too dense.

    refused: by `last_window`. Raises it where that window was too long; else what `last_window` raises of slots.
    """
    if not refused.too_dense:
        raise refused
    try:
        window = last_window(before_newest(history, spec), spec)
    except TooFewInstants as reason:
        raise TooFewInstants(reason.have, reason.need, reason.ready_at, spec.step_minutes) from None
    except MissingSigns as reason:
        raise _missing_as_measured(reason, history) from None
    return _as_measured(window, history, spec)


def _as_measured(window: Window, history: History, spec: WindowSpec) -> Window:
    """Return a window of slots with what was measured inside them, and when each sign was, also before."""
    measured = last_measured(history.instants, history.measured)
    order = [INDEX_BY_NAME[name] for name in window.signs]
    return replace(window, last_measured=measured[order], samples=_inside(history, window, spec))


def _missing_as_measured(reason: MissingSigns, history: History) -> MissingSigns:
    """Return the fact with the instants at which signs were measured, instead of the ends of their slots."""
    measured = last_measured(history.instants, history.measured)
    signs = [
        each if each.last_measured is None else MissingSign(each.name, history.encounter.as_sent(at))
        for each, at in ((each, measured[INDEX_BY_NAME[each.name]]) for each in reason.signs)
    ]
    return MissingSigns(tuple(signs), reason.first, reason.last)


def _inside(history: History, window: Window, spec: WindowSpec) -> Samples:
    step = step_of(spec)
    after = window.instants[0] - step
    first = int(np.searchsorted(history.instants, after, side="right"))
    sent = history.encounter
    inside = (sent.instants > after) & (sent.instants <= history.instants[-1])
    rows = int(np.count_nonzero(inside & ~np.isnan(sent.values)))
    return Samples(history.instants[first:], history.measured[first:], rows, step, spec.sampling)


def last_slots(instants: Instants, newest: Rows, step: np.timedelta64, count: int) -> tuple[Rows, Instants]:
    """Return the last filled slots of many windows, each with its slots laid from its own newest instant.

    newest: (w,), the row of each window's newest instant. Returns the row of the last instant in each slot, (count, w),
    and the slots' ends, oldest first; -1 and NaT where a window has fewer.
    """
    rows = np.empty((count, len(newest)), dtype=np.intp)
    ends = np.empty((count, len(newest)), dtype=instants.dtype)
    row, end = newest, instants[newest]
    for slot in reversed(range(count)):
        rows[slot], ends[slot] = row, end
        row = np.where(np.isnat(end), -1, np.searchsorted(instants, end - step, side="right") - 1)
        end = np.where(row < 0, np.datetime64("NaT"), slot_ends(instants[row], step, instants[newest]))
    return rows, ends
