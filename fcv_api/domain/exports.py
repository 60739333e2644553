"""What the raw window says of the export: steps that it skips, rows that are too dense, entries and units that lack."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.raw_window import Raw
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import MINUTE
from fcv_api.domain.words import ScoreWarning, warn


def sampling(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of steps between rows that are not the model's."""
    steps = np.diff(raw.instants) / MINUTE
    odd = steps[(steps < raw.step_minutes / 2) | (steps > raw.step_minutes * 2)]
    if len(odd):
        shortest, longest = round(float(steps.min()), 1), round(float(steps.max()), 1)
        ends = {"shortest": shortest, "longest": longest}
        figures = {"count": len(odd), "of": len(steps), "step": raw.step_minutes} | ends
        yield warn("irregular_sampling", None, figures, {"kind": raw.kind})


def resampled(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of rows that were read in slots."""
    if raw.samples is not None:
        key = "resampled.mean" if raw.samples.sampling is Sampling.MEAN else "resampled"
        sent = {"rows": raw.samples.rows, "instants": len(raw.samples.instants)}
        yield warn(key, None, sent | {"slots": len(raw.instants), "step": raw.step_minutes})


def not_entered(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of a height or weight that nobody sent."""
    for sign in (limits.STATIC & np.isnan(raw.values[-1])).nonzero()[0].tolist():
        yield warn("not_entered", sign, {})


def unknown_units(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of units that nobody knows here."""
    for sign, unit in raw.encounter.unknown_units:
        yield warn("unknown_unit", sign, {}, {"given": repr(unit), "unit": SIGNS[sign].unit.words})


def outrun(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of a window that is much older than the newest row, as its screen has found."""
    encounter, end = raw.encounter, raw.instants[-1]
    if encounter.newest is not None:
        minutes = round(float((encounter.newest - end) / MINUTE))
        pieces = {"sent": str(encounter.as_sent(encounter.newest)), "last": str(encounter.as_sent(end))}
        yield warn("stale.outrun", None, {"minutes": minutes}, pieces)
