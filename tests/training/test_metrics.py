"""Metrics, against scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from fcv_api.training.metrics import (
    Ranking,
    areas,
    brier,
    calibration_error,
    confusion,
    drawn_areas,
    interval,
    mean_known,
    one_vs_rest,
    predictive_value,
    top_label_error,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_weighted_areas_with_ties_are_scikit_learns(seed: int, decimals: int) -> None:
    dice = np.random.default_rng(seed)
    hit = np.append(dice.random(60) < 0.3, [True, False])
    scores, weights = dice.random(62).round(decimals), dice.integers(0, 4, 62).astype(float)
    weights[-2:] = 1
    roc, precision = Ranking.of(scores, hit).areas(weights)
    assert roc == pytest.approx(roc_auc_score(hit, scores, sample_weight=weights))
    assert precision == pytest.approx(average_precision_score(hit, scores, sample_weight=weights))


def test_a_class_without_windows_has_no_area_and_is_not_in_the_mean() -> None:
    labels = np.array([0, 0, 1, 1])
    scores = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.1, 0.9, 0], [0.2, 0.8, 0]])
    found = areas(one_vs_rest(scores, labels))
    assert np.isnan(found[2]).all()
    assert mean_known(found, axis=0).tolist() == [1, 1]


def test_an_interval_holds_the_value_and_is_wider_when_windows_belong_to_few_patients() -> None:
    dice = np.random.default_rng(1)
    labels = np.repeat([0, 1], 200)
    scores = np.stack([1 - labels, labels], axis=1) * 0.5 + np.repeat(dice.normal(0, 0.5, (20, 2)), 20, axis=0)
    ranked = one_vs_rest(scores, labels)
    few = interval(drawn_areas(ranked, np.repeat(np.arange(20), 20).astype(str)))
    many = interval(drawn_areas(ranked, np.arange(400).astype(str)))
    assert (few[0] <= areas(ranked)).all()
    assert (areas(ranked) <= few[1]).all()
    assert ((few[1] - few[0]) > (many[1] - many[0])).all()


def test_the_calibration_error_is_the_mean_distance_between_said_and_seen() -> None:
    said = np.repeat([0.1, 0.9], 10)
    seen = np.repeat([False, True], 10)
    assert calibration_error(said, seen) == pytest.approx(0.1)
    assert calibration_error(seen.astype(float), seen) == 0


def test_certain_and_wrong_is_the_worst_brier_score() -> None:
    labels = np.array([0, 1])
    assert brier(np.eye(2)[labels], labels) == 0
    assert brier(np.eye(2)[1 - labels], labels) == 2
    assert top_label_error(np.eye(2)[1 - labels], labels) == 1


def test_a_row_of_the_confusion_is_what_was_true() -> None:
    said = np.eye(3)[[0, 0, 2]]
    assert confusion(said, np.array([0, 1, 1])).tolist() == [[1, 0, 0], [1, 0, 1], [0, 0, 0]]


def test_a_rare_state_makes_most_alarms_false() -> None:
    assert predictive_value(0.9, 0.9, 0.01) == pytest.approx(0.009 / 0.108)
    assert predictive_value(0.9, 0.9, 0.5) == pytest.approx(0.9)
    assert np.isnan(predictive_value(0.0, 1.0, 0.1))
