"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md; docs/warnings.md says why. Limits and tolerances are those of
`vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.dangers import asystole, critical, find_dangers, no_pulse, past_danger
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.levels import level, level_signs, several_signs, trends, unusual_values
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.raw_window import Raw
from fcv_api.domain.sensors import conflicts, filled, flat, implausible, rates
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import MINUTE, Window, WindowSpec
from fcv_api.domain.words import warn


def inspect(encounter: Encounter, window: Window, spec: WindowSpec) -> tuple[ScoreWarning, ...]:
    """Read the raw window of an encounter, and return what must be known before its score is read."""
    raw = Raw.of(encounter, window, spec)
    return tuple(warning for check in CHECKS for warning in check(raw))


def _values(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of the patient, gravest first. Of one sign a graver warning takes the place of a lesser one."""
    dangers = find_dangers(raw)
    grave = {sign for sign, each in dangers.items() if each.critical}
    levels = [sign for sign in level_signs(raw) if sign not in grave]
    for sign in sorted(grave):
        yield critical(raw, dangers[sign])
    yield from asystole(raw)
    yield from no_pulse(raw)
    for sign in levels:
        yield level(raw, sign)
    yield from trends(raw, grave)
    yield from several_signs(raw)
    for sign in sorted(dangers.keys() - grave):
        yield from past_danger(raw, dangers[sign])
    yield from unusual_values(raw, dangers, grave | set(levels))


def _sampling(raw: Raw) -> Iterator[ScoreWarning]:
    steps = np.diff(raw.instants) / MINUTE
    odd = steps[(steps < raw.step_minutes / 2) | (steps > raw.step_minutes * 2)]
    if len(odd):
        shortest, longest = round(float(steps.min()), 1), round(float(steps.max()), 1)
        ends = {"shortest": shortest, "longest": longest}
        figures = {"count": len(odd), "of": len(steps), "step": raw.step_minutes} | ends
        yield warn("irregular_sampling", None, figures, {"kind": raw.kind})


def _resampled(raw: Raw) -> Iterator[ScoreWarning]:
    if raw.samples is not None:
        sent = {"rows": raw.samples.rows, "instants": len(raw.samples.instants)}
        yield warn("resampled", None, sent | {"slots": len(raw.instants), "step": raw.step_minutes})


def _not_entered(raw: Raw) -> Iterator[ScoreWarning]:
    for sign in (limits.STATIC & np.isnan(raw.values[-1])).nonzero()[0].tolist():
        yield warn("not_entered", sign, {})


def _unknown_units(raw: Raw) -> Iterator[ScoreWarning]:
    for sign, unit in raw.encounter.unknown_units:
        yield warn("unknown_unit", sign, {}, {"given": repr(unit), "unit": SIGNS[sign].unit.words})


def _outrun(raw: Raw) -> Iterator[ScoreWarning]:
    encounter, end = raw.encounter, raw.instants[-1]
    if encounter.newest is not None and encounter.newest - end > np.timedelta64(limits.LATE):
        minutes = round(float((encounter.newest - end) / MINUTE))
        pieces = {"sent": str(encounter.as_sent(encounter.newest)), "last": str(encounter.as_sent(end))}
        yield warn("stale.outrun", None, {"minutes": minutes}, pieces)


Check = Callable[[Raw], Iterator[ScoreWarning]]
CHECKS: tuple[Check, ...] = (
    *(_outrun, _values, implausible, filled, flat, rates, conflicts, _sampling, _resampled),
    *(_not_entered, _unknown_units),
)
