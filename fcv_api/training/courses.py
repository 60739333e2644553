"""Courses: what burdens a patient over a stay, and when the label's state begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fcv_api.domain.prediction import State
from fcv_api.training.arrest import Rhythm, draw_collapse, draw_rhythm
from fcv_api.training.mimics import Loads, add_mimics, bump, draw_chill, draw_faints, draw_warmth, starts
from fcv_api.training.parameters import LOADS, P, Series

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

    onset: minutes since the start, as somebody noted it; None without one. begun: as it was. rhythm: how the heart
    stops, where it does. slowing: (t,) the share of the heart rate that is lost. peripheral: (t,) cold hands, in
    logarithms of the perfusion index. warmth: (t,) degrees of fever, negative in the cold.
    """

    state: State
    minutes: Series
    loads: Loads
    onset: float | None
    begun: float | None
    rhythm: Rhythm
    slowing: Series
    peripheral: Series
    warmth: Series


def draw_course(dice: np.random.Generator) -> Course:
    """Draw a stay's length, its state, and the loads over it."""
    state = list(STATES)[dice.choice(len(STATES), p=list(STATES.values()))]
    length = dice.uniform(P["stay.shortest"], P["stay.longest"]) * 60
    begun = None if state is State.NONE_OF_THESE else dice.uniform(EARLIEST_ONSET, length - 40)
    if state is State.CARDIAC_ARREST and begun is not None:
        length = begun + dice.uniform(5, 30)  # the record ends with the resuscitation
    minutes = np.arange(0, length, P["scan.minutes"])
    loads = {load: np.zeros_like(minutes) for load in LOADS}
    rhythm, slowing = draw_rhythm(dice), draw_faints(dice, minutes)
    if begun is not None:
        rising = _rise(dice, minutes, begun, state)
        for load, size in _profile(dice, state, rhythm).items():
            loads[load] += size * rising * np.exp(dice.normal(0, P["profile.sd"]))
    if begun is not None and state is State.CARDIAC_ARREST:
        slowing = np.maximum(slowing, draw_collapse(dice, minutes, begun, rhythm))
    _add_abortive(dice, minutes, loads)
    add_mimics(dice, minutes, loads)
    chill, warmth = draw_chill(dice, minutes), draw_warmth(dice, minutes)
    return Course(state, minutes, loads, _noted(dice, state, begun), begun, rhythm, slowing, chill, warmth)


def _profile(dice: np.random.Generator, state: State, rhythm: Rhythm) -> dict[str, float]:
    """Return how far each load has come at the onset."""
    blocked, narcotic = dice.random() < P["block.share"], dice.random() < P["narcosis.share"]
    match state:
        case State.LOW_CARDIAC_OUTPUT:
            return {"low_flow": 1.0, "congestion": 0.25, "irritability": 0.2, "block": 0.8 * blocked}
        case State.CARDIOGENIC_SHOCK:
            return {"low_flow": 1.4, "congestion": 1.0, "irritability": 0.4, "hypoxia": 0.3}
        case _ if rhythm is Rhythm.SHOCKABLE:
            return {"irritability": 1.1, "instability": 1.2, "low_flow": 0.6, "hypoxia": 0.5}
        case _ if narcotic:
            return {"narcosis": 1.0, "hypoxia": 0.3, "instability": 0.9, "irritability": 0.7, "low_flow": 0.3}
        case _:
            return {"irritability": 0.8, "instability": 1.1, "low_flow": 0.6, "hypoxia": 0.7}


def _rise(dice: np.random.Generator, minutes: Series, begun: float, state: State) -> Series:
    """Return (t,): from 0 through 1 at the onset, each patient at a pace, and bent by treatment after it."""
    silent = dice.random() < P["silent.share"]
    prodrome = 20.0 if silent else P["prodrome.median"] * np.exp(dice.normal(0, P["prodrome.sd"]))
    power = dice.uniform(P["prodrome.gentlest"], P["prodrome.steepest"])
    rising: Series = np.clip((minutes - (begun - prodrome)) / prodrome, 0, 1.15) ** power
    after = np.clip(minutes - begun, 0, None)
    if state is not State.CARDIAC_ARREST and dice.random() < P["treated.share"]:
        rising *= np.exp(-after / (60 * dice.uniform(P["treated.fastest"], P["treated.slowest"])))
    return rising


def _add_abortive(dice: np.random.Generator, minutes: Series, loads: Loads) -> None:
    """Add courses that treatment bends back: they look like the real ones until it works."""
    for start in starts(dice, minutes, P["abortive.rate"]):
        states = list(STATES)[1:]
        profile = _profile(dice, states[dice.integers(len(states))], draw_rhythm(dice))
        peak, rise, fall = dice.uniform(0.25, 0.65), dice.uniform(60, 200), dice.uniform(30, 90)
        shape = peak * bump(minutes - start, rise, fall)
        for load, size in profile.items():
            loads[load] += size * shape


def _noted(dice: np.random.Generator, state: State, begun: float | None) -> float | None:
    """Return the onset as somebody noted it: an arrest at once, the others when they were recognised."""
    if begun is None or state is State.CARDIAC_ARREST:
        return begun
    return begun + float(dice.normal(0, P["recognition.sd"]))
