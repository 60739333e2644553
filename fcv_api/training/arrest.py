"""How a heart stops: too fast, without a pulse under an organised rhythm, or slower and slower to nothing."""

from __future__ import annotations

from enum import Enum

import numpy as np

from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import Matrix
from fcv_api.training.parameters import P, Series

PERFUSION, HEART_RATE, ECTOPY, PULSE, SATURATION, RESPIRATION = (
    INDEX_BY_NAME[name]
    for name in (
        "MDC_BLD_PERF_INDEX",
        "MDC_ECG_HEART_RATE",
        "MDC_ECG_V_P_C_RATE",
        "MDC_PULS_OXIM_PULS_RATE",
        "MDC_PULS_OXIM_SAT_O2",
        "MDC_TTHOR_RESP_RATE",
    )
)


class Rhythm(Enum):
    """What the ECG shows of an arrest: its first rhythm, by the shares of Nadkarni 2006 and Andersen 2019."""

    SHOCKABLE = "shockable"
    ORGANISED = "organised"
    ASYSTOLE = "asystole"


def draw_rhythm(dice: np.random.Generator) -> Rhythm:
    """Draw a first rhythm."""
    return list(Rhythm)[dice.choice(len(Rhythm), p=[P[f"rhythm.{rhythm.value}"] for rhythm in Rhythm])]


def draw_collapse(dice: np.random.Generator, minutes: Series, begun: float, rhythm: Rhythm) -> Series:
    """Return (t,), the share of the heart rate that is lost before an arrest.

    When it begins, how far it goes and by what curve is drawn; often nothing is lost, as before any shockable arrest.
    """
    length = P["collapse.median"] * np.exp(dice.normal(0, P["collapse.sd"]))
    depth, power = dice.uniform(0.05, 1) * P["collapse.deepest"], np.exp(dice.normal(0, 0.7))
    slows = dice.random() < P["collapse.share"] and rhythm is not Rhythm.SHOCKABLE
    lost: Series = slows * depth * np.clip((minutes - begun + length) / length, 0, 1) ** power
    return lost


def stop_heart(signs: Matrix, since: Series, rhythm: Rhythm, dice: np.random.Generator) -> None:
    """Let the heart stop. signs: (t, 9), changed. since: (t,) minutes from the onset."""
    stopped = since >= 0
    count = int(stopped.sum())
    match rhythm:
        case Rhythm.SHOCKABLE:
            signs[stopped, HEART_RATE] = dice.uniform(170, 260, count)
            signs[stopped, ECTOPY] = dice.uniform(60, 160, count)
        case Rhythm.ORGANISED:
            fading = dice.uniform(0.6, 1.1) * np.exp(-since[stopped] / dice.uniform(15, 90))
            signs[stopped, HEART_RATE] *= fading
        case Rhythm.ASYSTOLE:
            fading = np.exp(-since[stopped] / dice.uniform(1, 8))
            signs[stopped, HEART_RATE] = dice.uniform(10, 40) * fading * (dice.random(count) < 0.8)  # noqa: PLR2004
            signs[stopped, ECTOPY] = 0
    signs[stopped, PULSE] = 0
    signs[stopped, PERFUSION] = dice.uniform(0, 0.1, count)
    signs[stopped, RESPIRATION] = dice.uniform(0, 10, count) * np.exp(-since[stopped] / 10)
    signs[stopped, SATURATION] = dice.uniform(40, 80, count)
