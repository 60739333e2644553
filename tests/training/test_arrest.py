"""How hearts stop in the simulator: three rhythms, and no fixed cue before them."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.training.arrest import HEART_RATE, PULSE, Rhythm, draw_collapse, draw_rhythm
from fcv_api.training.courses import draw_course
from fcv_api.training.parameters import P, without
from fcv_api.training.patients import draw_patient
from fcv_api.training.physiology import live

MINUTES = np.arange(0.0, 300.0, 5.0)
BEGUN = 270.0


def collapses(rhythm: Rhythm, count: int = 400) -> np.ndarray:
    """Return what is lost of the heart rate before so many arrests, (count, t)."""
    return np.stack([draw_collapse(np.random.default_rng(seed), MINUTES, BEGUN, rhythm) for seed in range(count)])


def arrests(rhythm: Rhythm) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the signs before and after the onset of arrests of one rhythm."""
    found = []
    for seed in range(400):
        dice = np.random.default_rng(seed)
        patient, course = draw_patient(dice), draw_course(dice)
        if course.state is State.CARDIAC_ARREST and course.rhythm is rhythm:
            signs, stopped = live(patient, course, 8.0, dice), course.minutes >= (course.begun or 0)
            found.append((signs[~stopped], signs[stopped]))
    return found


def test_rhythms_come_as_often_as_registries_report() -> None:
    dice = np.random.default_rng(1)
    drawn = [draw_rhythm(dice) for _ in range(2000)]
    for rhythm in Rhythm:
        assert drawn.count(rhythm) / 2000 == pytest.approx(P[f"rhythm.{rhythm.value}"], abs=0.04)


def test_a_collapse_begins_goes_and_bends_otherwise_each_time_and_often_is_none() -> None:
    lost = collapses(Rhythm.ASYSTOLE)
    seen = lost[(lost > 0).any(axis=1)]
    assert len(seen) / len(lost) == pytest.approx(P["collapse.share"], abs=0.1)
    begins = BEGUN - MINUTES[(seen > 0).argmax(axis=1)]
    assert np.quantile(begins, 0.9) > 3 * np.quantile(begins, 0.1)
    assert seen.max(axis=1).std() > 0.1
    assert lost.max() <= P["collapse.deepest"]


def test_no_heart_slows_before_a_shockable_arrest() -> None:
    assert not collapses(Rhythm.SHOCKABLE, 50).any()


def test_the_collapse_can_be_taken_away_without_another_change() -> None:
    dice = np.random.default_rng(4)
    with without("collapse.deepest"):
        assert not draw_collapse(dice, MINUTES, BEGUN, Rhythm.ASYSTOLE).any()
    assert P["collapse.deepest"] > 0
    again = np.random.default_rng(4)
    draw_collapse(again, MINUTES, BEGUN, Rhythm.ASYSTOLE)
    assert dice.random() == again.random()


def test_an_arrest_under_an_organised_rhythm_keeps_a_heart_rate_without_a_pulse() -> None:
    after = np.concatenate([each for _, each in arrests(Rhythm.ORGANISED)])
    assert np.median(after[:, HEART_RATE]) > 40
    assert (after[:, PULSE] == 0).all()


def test_asystole_ends_in_no_heart_rate_and_a_shockable_one_in_a_fast_one() -> None:
    ends = np.array([after[-1, HEART_RATE] for _, after in arrests(Rhythm.ASYSTOLE)])
    assert np.median(ends) < 5
    fast = np.concatenate([after for _, after in arrests(Rhythm.SHOCKABLE)])
    assert fast[:, HEART_RATE].min() >= 170
