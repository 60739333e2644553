"""Courses: what burdens a patient over a stay, and when the label's state begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import State
from fcv_api.training.parameters import P
from fcv_api.training.patients import LOADS

Series = NDArray[np.float64]
STATES = {
    State.NONE_OF_THESE: P["mix.healthy"],
    State.LOW_CARDIAC_OUTPUT: P["mix.low_output"],
    State.CARDIOGENIC_SHOCK: P["mix.shock"],
    State.CARDIAC_ARREST: P["mix.arrest"],
}
EARLIEST_ONSET = 150.0  # minutes: a window of 95 minutes and some time before the onset


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One stay. minutes: (t,) since its start. loads: by name (t,), 0 at rest and 1 at an onset.

    onset: minutes since the start, as somebody noted it; None without one. begun: as it was. shockable: how the
    heart stops, where it does. peripheral: (t,) cold hands, in logarithms of the perfusion index.
    """

    state: State
    minutes: Series
    loads: dict[str, Series]
    onset: float | None
    begun: float | None
    shockable: bool
    peripheral: Series


def draw_course(dice: np.random.Generator) -> Course:
    """Draw a stay's length, its state, and the loads over it."""
    state = list(STATES)[dice.choice(len(STATES), p=list(STATES.values()))]
    length = dice.uniform(P["stay.shortest"], P["stay.longest"]) * 60
    begun = None if state is State.NONE_OF_THESE else dice.uniform(EARLIEST_ONSET, length - 40)
    if state is State.CARDIAC_ARREST and begun is not None:
        length = begun + dice.uniform(5, 30)  # the record ends with the resuscitation
    minutes = np.arange(0, length, P["scan.minutes"])
    loads = {load: np.zeros_like(minutes) for load in LOADS}
    shockable = bool(dice.random() < P["shockable.share"])
    if begun is not None:
        for load, size in _profile(state, shockable=shockable).items():
            loads[load] += size * _rise(dice, minutes, begun, state)
    _add_abortive(dice, minutes, loads)
    peripheral = _add_mimics(dice, minutes, loads)
    return Course(state, minutes, loads, _noted(dice, state, begun), begun, shockable, peripheral)


def _profile(state: State, *, shockable: bool) -> dict[str, float]:
    """Return how far each load has come at the onset."""
    match state:
        case State.LOW_CARDIAC_OUTPUT:
            return {"low_flow": 1.0, "congestion": 0.1, "irritability": 0.15}
        case State.CARDIOGENIC_SHOCK:
            return {"low_flow": 1.1, "congestion": 1.0, "irritability": 0.4, "hypoxia": 0.15}
        case _ if shockable:
            return {"irritability": 1.1, "instability": 0.9, "low_flow": 0.35, "hypoxia": 0.2}
        case _:
            return {"irritability": 0.7, "instability": 0.8, "low_flow": 0.35, "hypoxia": 1.0}


def _rise(dice: np.random.Generator, minutes: Series, begun: float, state: State) -> Series:
    """Return (t,): from 0 through 1 at the onset, each load at its own pace, and bent by treatment after it."""
    silent = dice.random() < P["silent.share"]
    prodrome = 20.0 if silent else P["prodrome.median"] * np.exp(dice.normal(0, P["prodrome.sd"]))
    power = dice.uniform(1.0, 2.5)
    rising: Series = np.clip((minutes - (begun - prodrome)) / prodrome, 0, 1.3) ** power
    after = np.clip(minutes - begun, 0, None)
    if state is not State.CARDIAC_ARREST and dice.random() < P["treated.share"]:
        rising *= np.exp(-after / dice.uniform(60, 240))
    return rising


def _add_abortive(dice: np.random.Generator, minutes: Series, loads: dict[str, Series]) -> None:
    """Add courses that treatment bends back: they look like the real ones until it works."""
    for start in _starts(dice, minutes, P["abortive.rate"]):
        states = list(STATES)[1:]
        profile = _profile(states[dice.integers(len(states))], shockable=bool(dice.random() < P["shockable.share"]))
        peak, rise, fall = dice.uniform(0.25, 0.65), dice.uniform(60, 200), dice.uniform(30, 90)
        shape = peak * _bump(minutes - start, rise, fall)
        for load, size in profile.items():
            loads[load] += size * shape


def _add_mimics(dice: np.random.Generator, minutes: Series, loads: dict[str, Series]) -> Series:
    """Add what happens on every ward and means little. Gives (t,), what cold hands do to the perfusion index."""
    for start in _starts(dice, minutes, P["arousal.rate"]):
        loads["arousal"] += dice.uniform(0.4, 1.2) * _bump(minutes - start, 5, dice.uniform(10, 40))
    for start in _starts(dice, minutes, P["benign_hypoxia.rate"]):
        loads["hypoxia"] += dice.uniform(0.3, 0.8) * _bump(minutes - start, 10, dice.uniform(10, 40))
    for start in _starts(dice, minutes, P["benign_ectopy.rate"]):
        loads["irritability"] += dice.uniform(0.3, 0.9) * _bump(minutes - start, 10, dice.uniform(20, 90))
    cold = np.zeros_like(minutes)
    for start in _starts(dice, minutes, P["chill.rate"]):
        cold -= dice.uniform(0.3, 0.7) * _bump(minutes - start, 40, dice.uniform(30, 120))
    return cold


def _starts(dice: np.random.Generator, minutes: Series, per_hour: float) -> list[float]:
    hours = float(minutes[-1]) / 60
    return [float(dice.uniform(0, minutes[-1])) for _ in range(dice.poisson(per_hour * hours))]


def _bump(since: Series, rise: float, fall: float) -> Series:
    """Return (t,): 0 before, a rise to 1 within `rise` minutes, and a fall with the time constant `fall`."""
    rising = np.clip(since / rise, 0, 1)
    falling = np.exp(-np.clip(since - rise, 0, None) / fall)
    shape: Series = rising * falling
    return shape


def _noted(dice: np.random.Generator, state: State, begun: float | None) -> float | None:
    """Return the onset as somebody noted it: an arrest at once, the others when they were recognised."""
    if begun is None or state is State.CARDIAC_ARREST:
        return begun
    return begun + float(dice.normal(0, P["recognition.sd"]))
