"""What moved a score: by sign, how far it moves when the sign is replaced by the population's mean.

It is of the score and not of the patient: a sign that moved it need not be the cause of anything, and of two signs that
say the same the model may read but one (occlusion: Zeiler and Fergus, ECCV 2014; that it is no cause: Rudin, Nature
Machine Intelligence 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np

from fcv_api.domain.labels import SIGN_LABELS
from fcv_api.domain.messages import Pair
from fcv_api.domain.prediction import Scorer, State, probabilities_of
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES, SIGNS
from fcv_api.domain.window import Matrix, PopulationScaling
from fcv_api.domain.words import number

RATES = ("MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE")
"""Replaced together: the pulse follows the heart, and alone neither would move the score."""
GROUPS = (RATES, *((name,) for name in SIGN_NAMES if name not in RATES))
FLOOR = 1e-7
"""Of a probability in log-odds: what a float of 32 bits can tell from 0 and 1."""
NOISE = np.array([0.25, 1.5, 1.0, 0.0, 0.0, 1.8, 0.6, 0.05, 1.2])
"""One scan's, a sign, in its own unit: what two readings of a patient at rest differ by (training/parameters.py)."""
UNMOVED = 0.05
"""A change of the log-odds, up or down, under which a sign is said not to have moved the score."""
HEART_AND_PULSE: Pair = ("Heart rate and pulse", "Frecuencia cardíaca y pulso")
MOVED: dict[str, Pair] = {
    "up": ("raised the score", "subió el puntaje"),
    "down": ("lowered the score", "bajó el puntaje"),
    "not": ("hardly moved the score", "casi no movió el puntaje"),
}
CAVEAT: Pair = (
    "This is what moved the score, not the cause of the patient's state.",
    "Esto es lo que movió el puntaje, no la causa del estado del paciente.",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One sign over the window, in its own unit. usual: the mean of the patients that the model learnt from."""

    sign: str
    unit: str
    last: float
    lowest: float
    highest: float
    usual: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What some signs that belong together did. change: of the log-odds; positive where they raised the score.

    measured: nothing for a sign that was never sent. detail, detail_es: the same in words.
    """

    signs: tuple[str, ...]
    change: float
    measured: tuple[Measured, ...]
    detail: str
    detail_es: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """score: 1 - P(none of the three). effects: what raised it most first, what lowered it most last."""

    score: float
    effects: tuple[Effect, ...]


def explain(raw: Matrix, model: Scorer) -> Explanation:
    """Explain one window's score. Raises ModelOutput.

    raw: (instants, 9), the signs' own units, in the order of `vitals.SIGNS`. A column at the population's mean scales
    to zeros, and so does one that never moves where a model scales by the window.
    """
    copies = (_scaled(raw + noise, model) for noise in _noises(len(raw)))
    changes = np.mean([_changes(each, model) for each in copies], axis=0).tolist()
    effects = []
    for group, change in zip(GROUPS, changes, strict=True):
        measured = tuple(each for name in group if (each := _measured(raw, name, model)))
        effects.append(_effect(group, change, measured))
    return Explanation(_score(_scaled(raw, model), model), tuple(sorted(effects, key=lambda each: -each.change)))


@lru_cache(8)
def _noises(rows: int) -> Matrix:
    """Return, (4, rows, 9), what is added to a window: two scans' noise, twice, and the same taken off.

    A change is the mean over these copies (Smilkov et al., SmoothGrad, 2017). By the window alone, half a scan of noise
    gave one window in eleven another first sign (bench/explanation.md).
    """
    noise = np.random.default_rng(0).normal(size=(2, rows, len(NOISE))) * 2 * NOISE
    return np.concatenate([noise, -noise])


def _scaled(raw: Matrix, model: Scorer) -> Matrix:
    return model.spec.scale(np.ascontiguousarray(raw[:, [INDEX_BY_NAME[name] for name in model.spec.signs]]))


def _changes(scaled: Matrix, model: Scorer) -> list[float]:
    """Return by how much the log-odds are higher with each of `GROUPS` as it was than at the population's mean."""
    whole, names = log_odds(_score(scaled, model)), model.spec.signs
    return [whole - log_odds(_score(without(scaled, group, names), model)) for group in GROUPS]


def without(scaled: Matrix, signs: tuple[str, ...], names: tuple[str, ...]) -> Matrix:
    """Return a scaled window with some signs at the population's mean. names: the order of its columns."""
    changed = scaled.copy()
    changed[:, [names.index(sign) for sign in signs]] = 0.0
    return changed


def _score(scaled: Matrix, model: Scorer) -> float:
    return 1 - probabilities_of(model.score(scaled), model)[State.NONE_OF_THESE]


def log_odds(probability: float) -> float:
    """Return a probability in log-odds: where a change is worth the same near 0 and 1 as in the middle."""
    kept = min(max(probability, FLOOR), 1 - FLOOR)
    return log(kept / (1 - kept))


def _measured(raw: Matrix, name: str, model: Scorer) -> Measured | None:
    column = raw[:, INDEX_BY_NAME[name]]
    if np.isnan(column).all():
        return None
    scaling = model.spec.scale
    usual = scaling.mean[model.spec.signs.index(name)] if isinstance(scaling, PopulationScaling) else None
    ends = float(column[-1]), float(np.nanmin(column)), float(np.nanmax(column))
    return Measured(name, SIGNS[INDEX_BY_NAME[name]].unit.words, *ends, usual)


def _effect(group: tuple[str, ...], change: float, measured: tuple[Measured, ...]) -> Effect:
    moved = MOVED["not" if abs(change) < UNMOVED else "up" if change > 0 else "down"]
    names = HEART_AND_PULSE if group == RATES else SIGN_LABELS[group[0]]
    words = [f"{names[language]} {moved[language]}{_values(measured, language)}." for language in range(2)]
    return Effect(group, change, measured, *words)


def _values(measured: tuple[Measured, ...], language: int) -> str:
    """Return what was measured, in words; nothing of what was never sent."""
    if not measured:
        return ""
    first, usually = measured[0], ("; usual is", "; lo usual es")[language]
    last = ", ".join(_text(each.last, language) for each in measured)
    usual = "" if first.usual is None else f"{usually} {_text(first.usual, language)}"
    return f": {('last', 'último')[language]} {last} {first.unit}{usual}"


def _text(value: float, language: int) -> str:
    return number(round(value, 1))[language]
