"""What the body does under its loads: nine signs that move together."""

from __future__ import annotations

import numpy as np

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.courses import Course, Series
from fcv_api.training.parameters import P
from fcv_api.training.patients import Patient

PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = (
    INDEX_BY_NAME[sign.name] for sign in SIGNS
)


def live(patient: Patient, course: Course, clock: float, dice: np.random.Generator) -> Matrix:
    """Return the true signs, (t, 9), at the course's minutes. clock: the hour of the day at which it starts."""
    time = course.minutes
    load = {name: series * patient.response[name] for name, series in course.loads.items()}
    noise = {name: _slow(dice, len(time), P[f"{name}.minutes"]) for name in ("tone", "drive", "vessels", "warmth")}
    signs = np.empty((len(time), len(SIGNS)))
    signs[:, HEIGHT], signs[:, WEIGHT] = patient.height, patient.weight
    signs[:, TEMPERATURE] = _temperature(patient, load, noise["warmth"], _day(time, clock))
    heat = signs[:, TEMPERATURE] - P["temperature.mean"]
    signs[:, HEART_RATE] = _heart_rate(patient, load, noise["tone"], heat) + P["day.heart_rate"] * _day(time, clock)
    signs[:, RESPIRATION] = _respiration(patient, load, noise, heat)
    signs[:, SATURATION] = (
        patient.saturation
        + P["drive.saturation"] * noise["drive"]
        + P["congestion.saturation"] * load["congestion"]
        + P["hypoxia.saturation"] * load["hypoxia"]
    )
    signs[:, PERFUSION] = patient.perfusion * np.exp(_constriction(load, noise) + course.peripheral)
    _add_scans(signs, patient, load, dice)
    if course.state is State.CARDIAC_ARREST:
        _stop_heart(signs, course, dice)
    return signs


def _slow(dice: np.random.Generator, steps: int, memory: float) -> Series:
    """Return noise of mean 0 and deviation 1 that forgets with a time constant of `memory` minutes."""
    keep = np.exp(-P["scan.minutes"] / memory)
    shocks = dice.normal(0, np.sqrt(1 - keep**2), steps)
    shocks[0] = dice.normal()
    for step in range(1, steps):
        shocks[step] += keep * shocks[step - 1]
    return shocks


def _day(time: Series, clock: float) -> Series:
    """Return -1 at the trough of the night and 1 twelve hours later."""
    swing: Series = -np.cos(2 * np.pi * ((clock + time / 60) - P["day.trough"]) / 24)
    return swing


def _temperature(patient: Patient, load: dict[str, Series], warmth: Series, day: Series) -> Series:
    cooling = P["low_flow.temperature"] * load["low_flow"]
    return patient.temperature + P["warmth.temperature"] * warmth + P["day.temperature"] * day + cooling


def _heart_rate(patient: Patient, load: dict[str, Series], tone: Series, heat: Series) -> Series:
    asked = sum(P[f"{name}.heart_rate"] * load[name] for name in ("low_flow", "congestion", "hypoxia", "arousal"))
    own = P["tone.heart_rate"] * tone + P["fever.heart_rate"] * heat + asked
    return patient.heart_rate + patient.reserve * own


def _respiration(patient: Patient, load: dict[str, Series], noise: dict[str, Series], heat: Series) -> Series:
    asked = sum(P[f"{name}.respiration"] * load[name] for name in ("low_flow", "congestion", "hypoxia", "arousal"))
    slow = P["tone.respiration"] * noise["tone"] + P["drive.respiration"] * noise["drive"]
    return patient.respiration + slow + P["fever.respiration"] * heat + asked


def _constriction(load: dict[str, Series], noise: dict[str, Series]) -> Series:
    slow = P["tone.perfusion"] * noise["tone"] + P["vessels.perfusion"] * noise["vessels"]
    return slow + P["low_flow.perfusion"] * load["low_flow"] + P["arousal.perfusion"] * load["arousal"]


def _add_scans(signs: Matrix, patient: Patient, load: dict[str, Series], dice: np.random.Generator) -> None:
    """Add what changes from one scan to the next, and what follows from heart rate."""
    steps = len(signs)
    swings = load["instability"]
    beat = np.full(steps, P["noise.fibrillation"] if patient.fibrillation else P["noise.heart_rate"])
    signs[:, HEART_RATE] += dice.normal(0, np.hypot(beat, P["instability.heart_rate"] * swings))
    signs[:, HEART_RATE] = np.clip(signs[:, HEART_RATE], 38, 165)
    breath = np.hypot(P["noise.respiration"], P["instability.respiration"] * swings)
    signs[:, RESPIRATION] = np.clip(signs[:, RESPIRATION] + dice.normal(0, breath), 8, 38)
    signs[:, SATURATION] += dice.normal(0, P["noise.saturation"], steps)
    signs[:, PERFUSION] *= np.exp(dice.normal(0, P["noise.perfusion"], steps))
    signs[:, TEMPERATURE] += dice.normal(0, P["noise.temperature"], steps)
    rate = np.minimum(patient.ectopy * np.exp(P["irritability.ectopy"] * load["irritability"]), 25)
    signs[:, ECTOPY] = dice.poisson(rate * dice.gamma(2, 0.5, steps))  # in bursts: more scattered than Poisson
    deficit = 0.3 * signs[:, ECTOPY] + (3.0 if patient.fibrillation else 0.0)
    signs[:, PULSE] = signs[:, HEART_RATE] - np.minimum(deficit, 12) + dice.normal(0, P["noise.pulse"], steps)


def _stop_heart(signs: Matrix, course: Course, dice: np.random.Generator) -> None:
    """Let the heart stop at the onset: too fast where it can be shocked, else slower and slower to nothing."""
    stopped = course.minutes >= (course.begun or 0)
    count = int(stopped.sum())
    if course.shockable:
        signs[stopped, HEART_RATE] = dice.uniform(170, 260, count)
        signs[stopped, ECTOPY] = dice.uniform(60, 160, count)
    else:
        signs[stopped, HEART_RATE] = dice.uniform(0, 40, count) * (dice.random(count) < 0.5)  # noqa: PLR2004
        signs[stopped, ECTOPY] = 0
        near = (course.minutes >= (course.begun or 0) - 15) & ~stopped
        signs[near, HEART_RATE] *= 0.75  # the rate gives way before it fails
        signs[near, PULSE] *= 0.75
    signs[stopped, PULSE] = 0
    signs[stopped, PERFUSION] = dice.uniform(0, 0.1, count)
    signs[stopped, RESPIRATION] = dice.uniform(0, 10, count)
    signs[stopped, SATURATION] = dice.uniform(40, 80, count)
