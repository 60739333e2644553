"""Simulated patients: no two alike, and none of them real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fcv_api.training.parameters import COUPLINGS, LOADS, P


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient at rest. age in years, height in cm, weight in kg; the rest in the signs' own units.

    reserve: how strongly heart rate answers a load; 1 in a healthy 40-year-old.
    response: how strongly each load shows in each sign, by `COUPLINGS`, around 1; 0 where it does not.
    """

    age: float
    height: float
    weight: float
    heart_rate: float
    respiration: float
    saturation: float
    perfusion: float
    temperature: float
    ectopy: float
    fibrillation: bool
    reserve: float
    response: dict[str, float]


def draw_patient(dice: np.random.Generator) -> Patient:
    """Draw one patient."""
    age = float(np.clip(dice.normal(P["age.mean"], P["age.sd"]), 18, 97))
    failing, lungs, fibrillating, blocked = (
        dice.random() < P[f"{name}.share"] for name in ("heart_failure", "copd", "fibrillation", "beta_blocker")
    )
    height = dice.normal(P["height.men"] if dice.random() < 0.55 else P["height.women"], P["height.sd"])  # noqa: PLR2004
    bmi = P["bmi.median"] * np.exp(dice.normal(0, P["bmi.sd"]))
    rate = dice.normal(P["heart_rate.mean"] - 0.1 * (age - 66), P["heart_rate.sd"])
    rate += P["heart_rate.beta_blocker"] * blocked + 6 * failing
    return Patient(
        age=age,
        height=float(np.clip(height, 140, 205)),
        weight=float(np.clip(bmi * (height / 100) ** 2, 38, 180)),
        heart_rate=float(np.clip(rate, 48, 112)),
        respiration=dice.normal(P["respiration.mean"] + P["respiration.copd"] * lungs, P["respiration.sd"]),
        saturation=dice.normal(P["saturation.mean"] + P["saturation.copd"] * lungs, P["saturation.sd"]),
        perfusion=P["perfusion.median"] * np.exp(dice.normal(-0.2 * failing, P["perfusion.sd"])),
        temperature=dice.normal(P["temperature.mean"], P["temperature.sd"]),
        ectopy=P["ectopy.median"] * np.exp(dice.normal(0.6 * failing, P["ectopy.sd"])),
        fibrillation=bool(fibrillating),
        reserve=max(0.3, 1 - P["age.reserve"] * max(0.0, age - 40)) * (0.55 if blocked else 1.0),
        response=_draw_response(dice),
    )


def _draw_response(dice: np.random.Generator) -> dict[str, float]:
    """Draw how strongly loads show: each as a whole, and not in every sign."""
    whole = {load: np.exp(dice.normal(0, P["response.sd"])) for load in LOADS}
    shown = {name: dice.random() < P["shown.share"] for name in COUPLINGS}
    return {name: float(whole[name.partition(".")[0]] * shown[name]) for name in COUPLINGS}
