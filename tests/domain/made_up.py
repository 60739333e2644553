"""Made-up windows of kinds that a nurse would call somebody for, and of kinds that nobody should be called for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.quality import inspect
from fcv_api.domain.window import Matrix, WindowSpec, extract_window
from fcv_api.domain.words import ScoreWarning

START = np.datetime64("2024-03-03T05:00:00", "us")
STEP = np.timedelta64(300_000_000, "us")
PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = range(9)
GAP = float("nan")
Change = Callable[[Matrix], None]


def calm(seed: int) -> Matrix:
    """Return the window, (20, 9), of a stable patient, with the noise of a monitor."""
    dice = np.random.default_rng(seed)
    heart = np.round(dice.normal(80, 2, 20))
    columns = [
        np.round(1.6 * np.exp(dice.normal(0, 0.12, 20)), 2),
        heart,
        dice.integers(0, 2, 20),
        np.full(20, 168.0),
        np.full(20, 70.0),
        heart + dice.integers(-1, 2, 20),
        np.clip(np.round(dice.normal(97, 0.6, 20)), 95, 99),
        np.round(dice.normal(36.8, 0.06, 20), 2),
        np.round(dice.normal(17, 1.2, 20)),
    ]
    return np.column_stack(columns)


def encounter_of(matrix: Matrix) -> Encounter:
    """Return the encounter of a window, a row in five minutes, NaN for what was not measured."""
    rows, signs = np.nonzero(~np.isnan(matrix))
    return Encounter(7, signs, matrix[rows, signs], START + rows * STEP).without_noise()


def warnings(matrix: Matrix) -> tuple[ScoreWarning, ...]:
    """Return what is warned of in a window. matrix: as of `encounter_of`."""
    encounter, spec = encounter_of(matrix), WindowSpec()
    return inspect(encounter, extract_window(encounter, spec), spec)


def at(sign: int, value: float | Matrix, rows: slice | int = slice(None)) -> Change:
    """Return a change that puts a value into some rows of a sign."""

    def change(matrix: Matrix) -> None:
        matrix[rows, sign] = value

    return change


def around(sign: int, level: float, rows: slice = slice(None)) -> Change:
    """Return a change that moves a sign to a level, and leaves its noise."""

    def change(matrix: Matrix) -> None:
        matrix[rows, sign] += level - np.median(matrix[:, sign])

    return change


def ramp(sign: int, first: float, last: float) -> Change:
    """Return a change that moves a sign evenly over the window, and leaves its noise."""

    def change(matrix: Matrix) -> None:
        matrix[:, sign] += np.round(np.linspace(first, last, len(matrix))) - np.median(matrix[:, sign])

    return change


BOTH = (HEART_RATE, PULSE)
DANGEROUS: dict[str, tuple[Change, ...]] = {
    "sustained bradycardia": tuple(around(sign, 36.0) for sign in BOTH),
    "sustained tachycardia": tuple(around(sign, 145.0) for sign in BOTH),
    "a slow pulse without an ECG": (around(PULSE, 35.0), at(HEART_RATE, GAP, slice(-4, None))),
    "sustained desaturation": (around(SATURATION, 82.0),),
    "slow breathing": (around(RESPIRATION, 6.5),),
    "fast breathing": (around(RESPIRATION, 34.0),),
    "hypothermia": (around(TEMPERATURE, 34.5),),
    "fever": (around(TEMPERATURE, 39.8),),
    "a temperature charted once": (at(TEMPERATURE, GAP), at(TEMPERATURE, 34.4, 4)),
    "many premature beats": (around(ECTOPY, 22.0),),
    "no perfusion": (at(PERFUSION, 0.2, slice(8, None)),),
    "saturation falls": (ramp(SATURATION, 97.0, 88.0),),
    "saturation falls fast": (around(SATURATION, 89.0, slice(-3, None)),),
    "the heart speeds up": tuple(ramp(sign, 65.0, 118.0) for sign in BOTH),
    "the heart slows down": tuple(ramp(sign, 95.0, 52.0) for sign in BOTH),
    "breathing speeds up": (ramp(RESPIRATION, 14.0, 27.0),),
    "the skin turns cold": (at(PERFUSION, np.linspace(1.9, 0.4, 20)),),
    "zeros in older rows": tuple(at(sign, 0.0, slice(3, 6)) for sign in (*BOTH, PERFUSION, RESPIRATION)),
    "one zero in an older row": (at(HEART_RATE, 0.0, 2),),
    "asystole 25 minutes ago": tuple(at(sign, 0.0, slice(13, 15)) for sign in BOTH),
    "apnoea half an hour ago": (at(RESPIRATION, 0.0, slice(11, 13)),),
    "a run of ventricular tachycardia an hour ago": tuple(at(sign, 185.0, slice(8, 10)) for sign in BOTH),
    "a deep desaturation an hour ago": (at(SATURATION, 64.0, slice(6, 9)),),
    "arrest in the last row": tuple(at(sign, 0.0, -1) for sign in BOTH),
    "arrest in the last row, and the oximeter has lost its signal": (at(HEART_RATE, 0.0, -1), at(PULSE, GAP, -1)),
    "electrical activity without a pulse": (at(PULSE, 0.0, slice(-2, None)), at(PERFUSION, 0.05, slice(-2, None))),
    "electrical activity without a signal": (at(PULSE, GAP, slice(-3, None)), at(PERFUSION, 0.04, slice(-3, None))),
    "fibrillation of the ventricles": (at(HEART_RATE, 210.0, -1), at(PULSE, 0.0, -1)),
    "a pulse deficit": (around(PULSE, 63.0),),
    "beats that move no blood": (at(PULSE, 45.0, slice(8, None)),),
    "a frozen feed": tuple(at(sign, float(calm(0)[0, sign])) for sign in range(9)),
    "a frozen saturation": (at(SATURATION, 96.0),),
    "a frozen temperature": (at(TEMPERATURE, 36.7),),
    "a paced or detached heart rate": (at(HEART_RATE, 80.0),),
    "a ventilator and a frozen oximeter": (at(RESPIRATION, 14.0), at(SATURATION, 96.0)),
    "full saturation and a frozen perfusion": (at(SATURATION, 100.0), at(PERFUSION, 1.2)),
    "several signs, none of them a level": (
        *(around(sign, 122.0) for sign in BOTH),
        *(around(RESPIRATION, 27.0), around(SATURATION, 89.0)),
    ),
    "two serious signs": (around(SATURATION, 87.0), around(RESPIRATION, 28.5)),
    "cold, pale and fast": (
        *(around(sign, 117.0) for sign in BOTH),
        *(at(PERFUSION, np.tile([0.45, 0.5], 10)), around(TEMPERATURE, 35.5)),
    ),
    "a saturation of 70 in the last row": (at(SATURATION, 70.0, -1),),
}
QUIET: dict[str, tuple[Change, ...]] = {
    "a stable patient": (),
    "oxygen": (at(SATURATION, 100.0),),
    "nearly full saturation": (at(SATURATION, 99.0),),
    "a ventilator": (at(RESPIRATION, 14.0),),
    "no premature beats": (at(ECTOPY, 0.0),),
    "lung disease": (around(SATURATION, 90.0),),
    "beta-blockers": tuple(around(sign, 52.0) for sign in BOTH),
    "a mild fever": (around(TEMPERATURE, 38.6), *(around(sign, 96.0) for sign in BOTH)),
    "pain": (*(around(sign, 108.0) for sign in BOTH), around(RESPIRATION, 24.0)),
    "cold hands": (at(PERFUSION, np.tile([0.5, 0.55], 10)),),
    "one movement half an hour ago": (at(SATURATION, 72.0, 12), at(PULSE, 150.0, 12), at(RESPIRATION, 44.0, 12)),
    "one doubled pulse": (at(PULSE, 160.0, -2),),
    "a few lost cells": (at(SATURATION, GAP, slice(4, 7)), at(HEART_RATE, GAP, -1)),
}


def window(kind: tuple[Change, ...], seed: int) -> Encounter:
    """Return the encounter of a kind, each seed with noise of its own."""
    matrix = calm(seed)
    for change in kind:
        change(matrix)
    return encounter_of(matrix)
