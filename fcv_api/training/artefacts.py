"""What monitors add to the true signs besides noise: motion, miscounted pulses, lost cells and scans exported twice.

A pure recipe over the table of one stay, seeded by the generator that it is passed. The kinds are those that the
literature on false alarms names (Chambrin 2001, Siebig 2010: most are of motion and of pulse oximetry; Petterson 2007:
motion makes oximeters read low, and count the pulse wrongly). How often each comes at five-minute scans is engineering
judgement: no source counts them so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.monitor import DECIMALS

PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = (
    INDEX_BY_NAME[sign.name] for sign in SIGNS
)
MOVING = (PERFUSION, HEART_RATE, ECTOPY, PULSE, SATURATION, RESPIRATION)
"""The signs that sensors measure at every scan. Temperature may be charted, height and weight are entered."""

SHARE = 0.05
"""Of each kind: scans that a movement spoils, scans whose pulse is miscounted, cells lost, scans exported twice."""
SECOND_READING = {HEART_RATE: 5.0, PULSE: 4.0, RESPIRATION: 2.0, SATURATION: 2.0, TEMPERATURE: 0.2, ECTOPY: 2.0}
"""One deviation between two readings of one instant, in the sign's unit: what standards let a monitor be wrong by.

Heart rate: IEC 60601-2-27, 10 % or 5 /min. Saturation: ISO 80601-2-61, 2 to 4 % root mean square. Temperature: ISO
80601-2-56, 0.3 degrees at most. The others are engineering judgement.
"""
SECOND_PERFUSION = 0.2
"""The same for the perfusion index, as a share."""


def with_artefacts(
    instants: NDArray[np.datetime64], values: Matrix, dice: np.random.Generator
) -> tuple[NDArray[np.datetime64], Matrix]:
    """Return the table of a stay as monitors with artefacts would have exported it.

    instants: (t,), ascending. values: (t, 9) in the order of `vitals.SIGNS`, NaN where nothing was exported; unchanged.
    Returns (t + d,) and (t + d, 9): each of the d scans exported twice is two rows of one instant.
    """
    spoilt = values.copy()
    _move(spoilt, dice)
    _miscount(spoilt, dice)
    lost = dice.random((len(spoilt), len(MOVING))) < SHARE
    spoilt[:, MOVING] = np.where(lost, np.nan, spoilt[:, MOVING])
    twice = np.flatnonzero(dice.random(len(spoilt)) < SHARE)
    rows = np.sort(np.concatenate([np.arange(len(spoilt)), twice]))
    again = np.flatnonzero(rows[1:] == rows[:-1]) + 1
    table = spoilt[rows]
    table[again] = _read_again(table[again], dice)
    return instants[rows], _as_shown(table)


def _move(values: Matrix, dice: np.random.Generator) -> None:
    """Let movement spoil scans: saturation reads low, respiration and beats are counted too often, in place."""
    moved = np.flatnonzero(dice.random(len(values)) < SHARE)
    count = len(moved)
    values[moved, SATURATION] -= dice.exponential(15, count)
    values[moved, PERFUSION] *= np.exp(dice.normal(0, 0.6, count))
    values[moved, PULSE] += dice.normal(5, 25, count)
    values[moved, RESPIRATION] += dice.exponential(12, count)
    on_the_leads = moved[dice.random(count) < 0.4]  # noqa: PLR2004 - the chest moves less than the finger
    values[on_the_leads, HEART_RATE] += dice.exponential(25, len(on_the_leads))
    values[on_the_leads, ECTOPY] += dice.exponential(10, len(on_the_leads))


def _miscount(values: Matrix, dice: np.random.Generator) -> None:
    """Count each beat twice (a dicrotic notch), or every second one (weak beats), as often, in place."""
    wrong = np.flatnonzero(dice.random(len(values)) < SHARE)
    values[wrong, PULSE] *= dice.choice([0.5, 2.0], len(wrong))


def _read_again(values: Matrix, dice: np.random.Generator) -> Matrix:
    """Return second readings, (d, 9), of the same instants: apart by no more than a monitor's noise."""
    again = values.copy()
    for sign, deviation in SECOND_READING.items():
        again[:, sign] += dice.normal(0, deviation, len(again))
    again[:, PERFUSION] *= np.exp(dice.normal(0, SECOND_PERFUSION, len(again)))
    return again


def _as_shown(values: Matrix) -> Matrix:
    """Return the values rounded as monitors do, and inside what they can show."""
    shown = values.copy()
    shown[:, SATURATION] = np.clip(shown[:, SATURATION], 1, 100)
    for sign in range(len(SIGNS)):
        low, high = SIGNS[sign].limits.hard
        shown[:, sign] = np.round(np.clip(shown[:, sign], low, high), DECIMALS.get(sign, 0))
    return shown
