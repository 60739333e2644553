"""What the body does under its loads: nine signs that move together."""

from __future__ import annotations

import numpy as np

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.arrest import stop_heart
from fcv_api.training.courses import Course
from fcv_api.training.parameters import COUPLINGS, P, Series
from fcv_api.training.patients import Patient

PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = (
    INDEX_BY_NAME[sign.name] for sign in SIGNS
)
Asked = dict[str, Series]
"""What all loads together ask of a sign, (t,), by its name in `COUPLINGS`."""


def live(patient: Patient, course: Course, clock: float, dice: np.random.Generator) -> Matrix:
    """Return the true signs, (t, 9), at the course's minutes. clock: the hour of the day at which it starts."""
    asked = ask(patient, course)
    steps = len(course.minutes)
    slow = {name: _slow(dice, steps, P[f"{name}.minutes"]) for name in ("tone", "drive", "vessels", "warmth")}
    signs = _steady(patient, course, asked, slow | {"day": _day(course.minutes, clock)})
    _add_scans(signs, patient, asked, dice)
    signs[:, HEART_RATE] *= 1 - course.slowing
    _add_pulse(signs, patient, asked, dice)
    if course.state is State.CARDIAC_ARREST:
        stop_heart(signs, course.minutes - (course.begun or 0), course.rhythm, dice)
    return signs


def ask(patient: Patient, course: Course) -> Asked:
    """Return what the loads of a course ask of each sign of a patient."""
    asked = {name.partition(".")[2]: np.zeros(len(course.minutes)) for name in COUPLINGS}
    for name in COUPLINGS:
        load, _, sign = name.partition(".")
        asked[sign] += P[name] * patient.response[name] * course.loads[load]
    return asked


def _steady(patient: Patient, course: Course, asked: Asked, noise: dict[str, Series]) -> Matrix:
    """Return what changes slowly of the signs, (t, 9); nothing yet of ectopy and pulse. noise: by name, (t,)."""
    signs = np.zeros((len(course.minutes), len(SIGNS)))
    signs[:, HEIGHT], signs[:, WEIGHT] = patient.height, patient.weight
    own = patient.temperature + course.warmth + P["warmth.temperature"] * noise["warmth"]
    signs[:, TEMPERATURE] = own + P["day.temperature"] * noise["day"] + asked["temperature"]
    heat = signs[:, TEMPERATURE] - P["temperature.mean"]
    driven = P["tone.heart_rate"] * noise["tone"] + P["fever.heart_rate"] * heat + asked["heart_rate"]
    signs[:, HEART_RATE] = patient.heart_rate + patient.reserve * driven
    signs[:, HEART_RATE] += P["day.heart_rate"] * noise["day"] + asked["slowing"]
    slow = P["tone.respiration"] * noise["tone"] + P["drive.respiration"] * noise["drive"]
    signs[:, RESPIRATION] = patient.respiration + slow + P["fever.respiration"] * heat + asked["respiration"]
    signs[:, SATURATION] = patient.saturation + P["drive.saturation"] * noise["drive"] + asked["saturation"]
    tight = P["tone.perfusion"] * noise["tone"] + P["vessels.perfusion"] * noise["vessels"] + asked["perfusion"]
    signs[:, PERFUSION] = patient.perfusion * np.exp(tight + course.peripheral)
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


def _add_scans(signs: Matrix, patient: Patient, asked: Asked, dice: np.random.Generator) -> None:
    """Add what changes from one scan to the next."""
    steps = len(signs)
    beat = np.full(steps, P["noise.fibrillation"] if patient.fibrillation else P["noise.heart_rate"])
    signs[:, HEART_RATE] += dice.normal(0, np.hypot(beat, asked["heart_rate_swings"]))
    signs[:, HEART_RATE] = np.clip(signs[:, HEART_RATE], 32, 165)
    breath = np.hypot(P["noise.respiration"], asked["respiration_swings"])
    signs[:, RESPIRATION] = np.clip(signs[:, RESPIRATION] + dice.normal(0, breath), 5, 38)
    signs[:, SATURATION] += dice.normal(0, P["noise.saturation"], steps)
    signs[:, PERFUSION] *= np.exp(dice.normal(0, P["noise.perfusion"], steps))
    signs[:, TEMPERATURE] += dice.normal(0, P["noise.temperature"], steps)


def _add_pulse(signs: Matrix, patient: Patient, asked: Asked, dice: np.random.Generator) -> None:
    """Add premature beats, and the pulse: what of the heart's beats reaches the finger."""
    steps = len(signs)
    rate = np.minimum(patient.ectopy * np.exp(asked["ectopy"]), 25)
    signs[:, ECTOPY] = dice.poisson(rate * dice.gamma(2, 0.5, steps))  # in bursts: more scattered than Poisson
    deficit = 0.3 * signs[:, ECTOPY] + (3.0 if patient.fibrillation else 0.0) + asked["deficit"]
    signs[:, PULSE] = signs[:, HEART_RATE] - np.minimum(deficit, 12) + dice.normal(0, P["noise.pulse"], steps)
