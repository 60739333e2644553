"""Levels, trends and several signs at once: what no single value says, and what scaling hides from the model.

A level is the median of the last three measurements: one artefact among them does not move it. The bands, and their
sources, stand in `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.dangers import Danger
from fcv_api.domain.raw_window import Raw, Vector
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import MINUTE
from fcv_api.domain.words import ScoreWarning, bounds, danger_range, extent, finite, number, shown, usual_of, warn


def level_signs(raw: Raw) -> list[int]:
    """Return which signs have a level that somebody must look at. A pulse is not named beside its heart rate."""
    signs: list[int] = raw.levels.grave.nonzero()[0].tolist()
    return [sign for sign in signs if sign != limits.PULSE or limits.HEART_RATE not in signs]


def level(raw: Raw, sign: int) -> ScoreWarning:
    """Warn of a level."""
    low, high = SIGNS[sign].limits.level
    figures = {"level": raw.levels.level[sign]} | finite(low, high)
    return warn("level", sign, figures, {"unit": SIGNS[sign].unit.words, "limits": bounds(low, high)})


def trends(raw: Raw, settled: set[int]) -> Iterator[ScoreWarning]:
    """Warn of signs that moved far over the window. settled: signs of which a graver warning speaks."""
    start, level, change = raw.levels.start, raw.levels.level, raw.levels.change
    for sign in sorted({*raw.levels.moved.nonzero()[0].tolist()} - settled):
        minutes = round(float((raw.instants[-1] - raw.instants[0]) / MINUTE))
        figures = {"first": start[sign], "last": level[sign], "change": change[sign], "minutes": minutes}
        yield warn("trend", sign, figures, {"unit": SIGNS[sign].unit.words})


def several_signs(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that are off together, each of them perhaps too little to be a level by itself."""
    if raw.levels.several:
        signs, level = raw.levels.notable.nonzero()[0].tolist(), raw.levels.level
        found = {SIGNS[sign].name: level[sign] for sign in signs}
        values = [(SIGNS[sign], number(round(level[sign], 3))) for sign in signs]
        english, spanish = (
            ", ".join(f"{sign.name} {value[language]} {sign.unit.words}" for sign, value in values)
            for language in range(2)
        )
        yield warn("several_signs", None, {"count": len(signs)} | found, {"signs": (english, spanish)})


def unusual_values(raw: Raw, dangers: dict[int, Danger], settled: set[int]) -> Iterator[ScoreWarning]:
    """Warn of values in the last rows that are hardly a patient's, or that would be critical if they came again.

    settled: signs of which a graver warning speaks.
    """
    values = raw.values[-limits.LAST_ROWS :]  # filled ones too: the model read them
    if raw.samples is not None:
        values = np.vstack([raw.measurements[raw.recent :], values])
    unusual = (values < limits.USUAL_LOW) | (values > limits.USUAL_HIGH)
    unusual[:, limits.ECTOPY] = values[:, limits.ECTOPY] > values[:, limits.HEART_RATE]
    odd = unusual.any(axis=0)
    single = {sign for sign, each in dangers.items() if each.single}
    for sign in sorted({*odd.nonzero()[0].tolist(), *single} - settled):
        yield _unusual(raw, sign, values[unusual[:, sign], sign]) if odd[sign] else _single(raw, dangers[sign])


def _unusual(raw: Raw, sign: int, found: Vector) -> ScoreWarning:
    values = sorted(set(found.tolist()))
    low, high = SIGNS[sign].limits.usual
    pieces = {"values": shown(values, sign), "kind": raw.kind, "usual": usual_of(sign)}
    figures = extent(values) | {"rows": limits.LAST_ROWS} | finite(low, high)
    small = limits.STATIC[sign] and raw.values[-1, sign] < low
    return warn("not_adult" if small else "unusual_value", sign, figures, pieces)


def _single(raw: Raw, danger: Danger) -> ScoreWarning:
    low, high = danger_range(danger.sign)
    pieces = {"values": shown(danger.values, danger.sign), "kind": raw.kind, "danger": bounds(low, high)}
    figures = extent(danger.values) | {"rows": limits.LAST_ROWS} | finite(low, high)
    return warn("unusual_value.single", danger.sign, figures, pieces)
