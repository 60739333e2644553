"""What misleads: it happens on every ward, and no onset follows from it."""

from __future__ import annotations

import numpy as np

from fcv_api.training.parameters import P, Series

Loads = dict[str, Series]


def add_mimics(dice: np.random.Generator, minutes: Series, loads: Loads) -> None:
    """Add pain, passing desaturations, harmless ectopy, a slow heart that is borne, and slow breathing that ends."""
    for start in starts(dice, minutes, P["arousal.rate"]):
        loads["arousal"] += dice.uniform(0.4, 1.2) * bump(minutes - start, 5, dice.uniform(10, 40))
    for start in starts(dice, minutes, P["benign_hypoxia.rate"]):
        loads["hypoxia"] += dice.uniform(0.3, 0.8) * bump(minutes - start, 10, dice.uniform(10, 40))
    for start in starts(dice, minutes, P["benign_ectopy.rate"]):
        loads["irritability"] += dice.uniform(0.3, 0.9) * bump(minutes - start, 10, dice.uniform(20, 90))
    for start in starts(dice, minutes, P["benign_block.rate"]):
        loads["block"] += dice.uniform(0.5, 1.1) * bump(minutes - start, 10, dice.uniform(60, 600))
    for start in starts(dice, minutes, P["sedation.rate"]):
        loads["narcosis"] += dice.uniform(0.3, 0.7) * bump(minutes - start, 15, dice.uniform(30, 120))


def draw_chill(dice: np.random.Generator, minutes: Series) -> Series:
    """Return (t,), what cold hands do to the logarithm of the perfusion index."""
    cold = np.zeros_like(minutes)
    for start in starts(dice, minutes, P["chill.rate"]):
        cold -= dice.uniform(0.3, 0.7) * bump(minutes - start, 40, dice.uniform(30, 120))
    return cold


def draw_faints(dice: np.random.Generator, minutes: Series) -> Series:
    """Return (t,), the share of the heart rate that is lost for minutes: suction, vomiting, sleep."""
    lost = np.zeros_like(minutes)
    for start in starts(dice, minutes, P["vagal.rate"]):
        depth = dice.uniform(0.1, 1) * P["vagal.deepest"]
        lost = np.maximum(lost, depth * bump(minutes - start, dice.uniform(3, 15), dice.uniform(3, 15)))
    return lost


def draw_warmth(dice: np.random.Generator, minutes: Series) -> Series:
    """Return (t,), degrees above the patient's own temperature: fever that comes and goes, or a cold start."""
    start, peak, fall = dice.uniform(0, minutes[-1]), dice.uniform(0.3, 1) * P["fever.peak"], dice.uniform(120, 480)
    depth, warming = dice.uniform(0.3, 1) * P["cold.depth"], dice.uniform(60, 240)
    fate = dice.random()
    if fate < P["fever.share"]:
        return peak * bump(minutes - start, 120, fall)
    cold: Series = -depth * np.exp(-minutes / warming) * (fate < P["fever.share"] + P["cold.share"])
    return cold


def starts(dice: np.random.Generator, minutes: Series, per_hour: float) -> list[float]:
    """Draw when events begin, in minutes, at a mean rate."""
    hours = float(minutes[-1]) / 60
    return [float(dice.uniform(0, minutes[-1])) for _ in range(dice.poisson(per_hour * hours))]


def bump(since: Series, rise: float, fall: float) -> Series:
    """Return (t,): 0 before, a rise to 1 within `rise` minutes, and a fall with the time constant `fall`."""
    rising = np.clip(since / rise, 0, 1)
    falling = np.exp(-np.clip(since - rise, 0, None) / fall)
    shape: Series = rising * falling
    return shape
