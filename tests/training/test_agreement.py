"""Calibration of one state: figures whose right answer is known, and scikit-learn's curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from fcv_api.training.agreement import agreement
from fcv_api.training.metrics import BINS


def drawn(bend: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return what was said and what happened, where log-odds are `bend` times too bold and `shift` too low."""
    dice = np.random.default_rng(1)
    odds = dice.normal(-2, 1.2, 40_000)
    return expit(odds * bend - shift), dice.random(len(odds)) < expit(odds)


def test_what_comes_as_often_as_it_was_said_has_slope_1_intercept_0_and_as_many_as_expected() -> None:
    found = agreement(*drawn())
    assert found["slope"] == pytest.approx(1, abs=0.05)
    assert found["intercept"] == pytest.approx(0, abs=0.05)
    assert found["observed_to_expected"] == pytest.approx(1, abs=0.03)
    assert found["ece_from_0_05"] < 0.01


def test_a_slope_under_1_is_too_bold_and_a_positive_intercept_says_too_little() -> None:
    assert agreement(*drawn(bend=2.0))["slope"] == pytest.approx(0.5, abs=0.03)
    low = agreement(*drawn(shift=0.7))
    assert (low["slope"], low["intercept"]) == (pytest.approx(1, abs=0.05), pytest.approx(0.7, abs=0.05))
    assert low["observed_to_expected"] > 1.5


def test_brier_skill_is_0_for_the_base_rate_and_scikit_learns_for_anything_else() -> None:
    said, happened = drawn()
    rate = np.full(len(said), happened.mean())
    assert agreement(rate, happened)["brier_skill"] == pytest.approx(0, abs=1e-9)
    skill = 1 - brier_score_loss(happened, said) / brier_score_loss(happened, rate)
    assert agreement(said, happened)["brier_skill"] == pytest.approx(skill)


def test_the_curve_is_scikit_learns_with_the_count_of_each_bin() -> None:
    said, happened = drawn()
    curve = agreement(said, happened)["reliability"]
    seen, mean = calibration_curve(happened, said, n_bins=BINS)
    assert [each["seen"] for each in curve] == pytest.approx(seen)
    assert [each["said"] for each in curve] == pytest.approx(mean)
    assert sum(each["count"] for each in curve) == len(said)


def test_the_calibration_error_is_of_windows_where_something_is_said() -> None:
    said = np.array([0.0] * 98 + [0.5, 0.5])
    happened = np.array([False] * 98 + [True, True])
    found = agreement(said, happened)
    assert (found["windows_from_0_05"], found["ece_from_0_05"]) == (2, pytest.approx(0.5))


def test_a_state_that_never_came_has_no_slope_and_no_skill() -> None:
    found = agreement(np.array([0.1, 0.2]), np.array([False, False]))
    assert np.isnan([found["slope"], found["intercept"], found["brier_skill"]]).all()
    assert found["observed_to_expected"] == 0


def test_what_says_the_same_of_everybody_has_no_slope() -> None:
    assert np.isnan(agreement(np.full(4, 0.25), np.array([True, False, False, False]))["slope"])
