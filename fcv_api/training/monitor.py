"""What a ward's monitors make of the true signs: rounded, spiked, and with gaps."""

from __future__ import annotations

import numpy as np

from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.parameters import P, Series
from fcv_api.training.physiology import (
    ECTOPY,
    HEART_RATE,
    HEIGHT,
    PERFUSION,
    PULSE,
    RESPIRATION,
    SATURATION,
    TEMPERATURE,
    WEIGHT,
)

DECIMALS = {PERFUSION: 2, TEMPERATURE: 1, WEIGHT: 1}
"""What monitors show; the other signs are whole numbers."""
LEADS = (HEART_RATE, ECTOPY, RESPIRATION)
PROBE = (PULSE, SATURATION, PERFUSION)


def measure(true: Matrix, minutes: Series, dice: np.random.Generator) -> Matrix:
    """Return what was exported, (t, 9), NaN where nothing was. true: (t, 9). minutes: (t,) since the start."""
    seen = true.copy()
    _spike(seen, dice)
    if dice.random() < P["pulseless.blank"]:
        seen[np.ix_(seen[:, PULSE] == 0, np.array(PROBE))] = np.nan
    _round(seen)
    for signs, rate in ((LEADS, P["leads_off.rate"]), (PROBE, P["probe_off.rate"])):
        seen[np.ix_(_off(minutes, rate, dice), np.array(signs))] = np.nan
    _chart_temperature(seen, minutes, dice)
    _enter_body(seen, minutes, dice)
    seen[dice.random(len(seen)) < P["scan.missed"]] = np.nan
    return seen


def _spike(seen: Matrix, dice: np.random.Generator) -> None:
    """Let movement spoil single values of the moving signs."""
    for sign, size in ((HEART_RATE, 1.4), (PULSE, 1.5), (RESPIRATION, 1.6), (PERFUSION, 2.5), (SATURATION, 0.93)):
        spoilt = dice.random(len(seen)) < P["spike.share"]
        seen[spoilt, sign] *= size


def _round(seen: Matrix) -> None:
    """Leave of each sign what a monitor shows."""
    seen[:, SATURATION] = np.clip(seen[:, SATURATION], 0, 100)
    for sign in range(len(SIGNS)):
        seen[:, sign] = np.round(np.clip(seen[:, sign], 0, None), DECIMALS.get(sign, 0))


def _off(minutes: Series, per_hour: float, dice: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return (t,), true where a sensor was off."""
    off = np.zeros(len(minutes), dtype=bool)
    for _ in range(dice.poisson(per_hour * minutes[-1] / 60)):
        start = dice.uniform(0, minutes[-1])
        off |= (minutes >= start) & (minutes < start + dice.exponential(P["off.minutes"]))
    return off


def _chart_temperature(seen: Matrix, minutes: Series, dice: np.random.Generator) -> None:
    """Keep a charted temperature only where somebody took it: at the start, and now and then."""
    if dice.random() < P["probe.share"]:
        return
    taken = dice.random(len(minutes)) < P["scan.minutes"] / (60 * P["charted.hours"])
    taken[: 1 + int(dice.integers(6))] = True
    seen[~taken, TEMPERATURE] = np.nan


def _enter_body(seen: Matrix, minutes: Series, dice: np.random.Generator) -> None:
    """Leave height and weight out until somebody enters them: mostly at once, now and then never."""
    fate = dice.random()
    if fate < P["body.never"]:
        seen[:, dice.choice([HEIGHT, WEIGHT])] = np.nan
    elif fate < P["body.never"] + P["body.late"]:
        seen[np.ix_(minutes < dice.uniform(5, 90), np.array((HEIGHT, WEIGHT)))] = np.nan
