"""Differences between scorers: one line with a verdict, and the same drawn patients for both."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.training.dataset import LabelledWindows
from fcv_api.training.differences import difference, verdict
from fcv_api.training.discrimination import NAMES, Discrimination

BASELINE = "last-value logistic regression"


def test_the_verdict_names_who_is_better_and_by_how_much() -> None:
    assert verdict(BASELINE, -0.02, -0.03, -0.01) == f"{BASELINE} is better by 0.020 (0.010 to 0.030)"
    assert verdict(BASELINE, 0.02, 0.01, 0.03) == f"the model is better than {BASELINE} by 0.020 (0.010 to 0.030)"
    assert verdict(BASELINE, 0.02, -0.01, 0.05) == (
        f"the model and {BASELINE} are not told apart: +0.020 (-0.010 to +0.050)"
    )


def test_a_constant_difference_has_no_interval_however_much_both_vary() -> None:
    drawn = np.random.default_rng(1).random(300)
    found = difference(BASELINE, (0.6, drawn + 0.1), (0.5, drawn))
    assert (found["low"], found["value"], found["high"]) == pytest.approx((0.1, 0.1, 0.1))


def test_a_figure_that_was_never_known_cannot_be_compared() -> None:
    nothing = np.full(3, np.nan)
    assert "cannot be compared" in difference(BASELINE, (np.nan, nothing), (0.5, nothing))["verdict"]


def test_the_mean_of_the_ill_states_leaves_none_of_these_out() -> None:
    dice = np.random.default_rng(1)
    count = 400
    label = dice.integers(0, 4, count)
    scores = np.eye(4)[label] * 0.2 + dice.random((count, 4))
    windows = LabelledWindows(
        raw=np.zeros((count, 20, 9)),
        encounter=np.arange(count),
        patient=np.arange(count).astype(str),
        end=np.zeros(count, dtype="datetime64[us]"),
        label=label,
        lead=np.full(count, np.nan),
    )
    found = Discrimination.of(windows, scores, resamples=5)
    figures = found.figures()
    three = [figures["auprc"][name]["value"] for name in NAMES if name != "none_of_these"]
    assert figures["auprc"]["ill"]["value"] == pytest.approx(np.mean(three))
    assert found.against(BASELINE, found)["auroc"]["ill"]["verdict"].startswith("the model and")
