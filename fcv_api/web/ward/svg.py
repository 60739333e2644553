"""Pictures drawn as SVG paths: a line breaks where nothing was measured, and no style stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fcv_api.domain.ward_line import SLOTS, SixHours, runs_of
from fcv_api.domain.ward_score import Level

HEIGHT = 24
"""Of a tile's line, in its own units: a slot is one unit wide."""
BARS = {Level.CRITICAL: 22, Level.WARNING: 14, Level.DATA: 7}


@dataclass(frozen=True, slots=True)
class LinePaths:
    """A tile's line. scored: where the bed was scored. Then the slots with warnings, by level; risks where shown."""

    scored: str
    critical: str
    warning: str
    data: str
    risks: str


def line_paths(line: SixHours) -> LinePaths:
    """Draw a tile's line."""
    scored = "".join(f"M{first} {HEIGHT - 1}h{last - first + 1}" for first, last in line.scored)
    critical, warning, data = (
        "".join(
            f"M{run[0]} {HEIGHT}v-{height}h{len(run)}v{height}"
            for run in runs_of([slot for slot, each in line.warned if each is level])
        )
        for level, height in BARS.items()
    )
    return LinePaths(scored, critical, warning, data, "".join(map(_risk, line.risks)))


def _risk(run: Sequence[tuple[int, float]]) -> str:
    """Draw one run of risks: each slot a step as wide as the slot, so that a single one is seen."""
    heights = [round(HEIGHT - 2 - share * (HEIGHT - 4)) for _slot, share in run]
    steps = [f"v{now - before}" if now != before else "" for before, now in pairwise(heights)]
    return f"M{run[0][0]} {heights[0]}h1{''.join(f'{step}h1' for step in steps)}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A chart's axis, from low to high."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, 0 at the bottom and 1 at the top; values beyond an end lie on it."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of some slots. line: through slots one after the other. dots: of slots that stand alone.

    ticks: of the axis, each with its place from the top in percent. limits: the same of the danger's limits.
    """

    line: str
    dots: str
    ticks: tuple[tuple[float, str], ...]
    limits: tuple[tuple[float, str], ...]


WIDE, HIGH = SLOTS * 10, 200
"""A chart in its own units: ten a slot."""


def chart(points: Sequence[tuple[int, float]], axis: Axis, limits: Iterable[tuple[float, str]] = ()) -> Chart:
    """Draw values by slot, 0 to 71, ascending. Nothing is drawn across a slot without one. limits: with their words."""
    line: list[str] = []
    dots: list[str] = []
    slots = {slot for slot, _value in points}
    for slot, value in points:
        x, y = slot * 10 + 5, HIGH - axis.place(value) * HIGH
        if slot - 1 in slots:
            line.append(f"L{x} {y:.1f}")
        elif slot + 1 in slots:
            line.append(f"M{x} {y:.1f}")
        else:
            dots.append(f"M{x - 2} {y:.1f}h4")
    ticks = tuple((_from_top(axis, value), f"{value:g}") for value in (axis.low, axis.high))
    drawn = tuple((_from_top(axis, value), words) for value, words in limits if axis.low < value < axis.high)
    return Chart("".join(line), "".join(dots), ticks, drawn)


def _from_top(axis: Axis, value: float) -> float:
    return round(HIGH - axis.place(value) * HIGH, 1)
