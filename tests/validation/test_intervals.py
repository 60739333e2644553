"""Areas with what each patient does to them, and the intervals that follow from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from fcv_api.training.parts import degrees, largest_share, ratio_interval, reach
from fcv_api.validation.areas import GROUPS, Areas, mean_of, owners_of
from fcv_api.validation.intervals import (
    area_interval,
    share_interval,
    skill_interval,
    sum_interval,
)

DICE = np.random.default_rng(5)
OWNERS = (np.arange(1500) % 50).astype(np.int32)
SCORES = DICE.random(1500).round(2)  # with ties
HIT = DICE.random(1500) < SCORES * 0.3
FOUND = Areas.of(SCORES, HIT, OWNERS)
LITTLE = 1e-6


def areas(**given: Any) -> NDArray[np.float64]:
    """Return scikit-learn's."""
    return np.array([measure(HIT, SCORES, **given) for measure in (roc_auc_score, average_precision_score)])


def test_the_areas_are_scikit_learns_with_ties() -> None:
    assert FOUND.value == pytest.approx(areas())


@pytest.mark.parametrize("patient", [0, 7, 49])
def test_a_patients_part_is_by_how_much_the_areas_move_when_the_patient_counts_a_little_more(patient: int) -> None:
    moved = areas(sample_weight=1 + LITTLE * (patient == OWNERS))
    assert FOUND.parts[patient] == pytest.approx((moved - areas()) / LITTLE, rel=1e-3, abs=1e-7)


def test_each_group_of_patients_is_left_out_once() -> None:
    assert FOUND.left.shape == (GROUPS, 2)
    assert FOUND.left[3] == pytest.approx(areas(sample_weight=1.0 * (OWNERS % GROUPS != 3)))


def test_a_difference_and_a_mean_are_of_the_same_patients() -> None:
    other = Areas.of(np.round(SCORES + DICE.normal(0, 0.3, 1500), 2), HIT, OWNERS)
    apart, mean = FOUND.minus(other), mean_of([FOUND, other])
    assert apart.value + 2 * other.value == pytest.approx(2 * mean.value)
    low, high, _ = sum_interval(apart.value[0], apart.parts[:, 0], apart.left[:, 0])
    assert 0 < low < apart.value[0] < high
    nothing = FOUND.minus(FOUND)
    assert np.isnan(sum_interval(0.0, nothing.parts[:, 0], nothing.left[:, 0])).all()


def test_patients_of_equal_weight_are_as_many_degrees_of_freedom_and_one_who_decides_is_two() -> None:
    assert degrees(DICE.normal(0, 1, 4000)) == pytest.approx(4000, rel=0.1)
    assert degrees(np.append(np.zeros(999), 1.0)) == pytest.approx(2, rel=0.01)
    assert reach(np.append(np.full(999, 1e-6), 1.0)) > 4  # Student's t, and not 1.96


def test_the_share_of_the_patient_who_moves_a_figure_most_comes_with_its_interval() -> None:
    assert largest_share(np.array([1.0, -2.0, 0.0])) == 0.8
    alike, one = np.ones(50), np.append(np.ones(49), 20.0)  # one patient's error is as that of twenty
    assert skill_interval(alike, one, 100 * np.ones(50)).one_patient > 0.9
    assert skill_interval(alike, alike + 0.1 * OWNERS[:50], 100 * np.ones(50)).one_patient < 0.1
    assert np.isnan(ratio_interval(alike * 0, alike).one_patient)


def test_an_area_of_which_nothing_can_be_known_has_no_interval() -> None:
    perfect = Areas.of(HIT.astype(float), HIT, OWNERS)
    assert np.isnan(area_interval(1.0, perfect.parts[:, 0], perfect.left[:, 0])).all()
    low, high, _ = area_interval(FOUND.value[1], FOUND.parts[:, 1], FOUND.left[:, 1])
    assert 0 < low < FOUND.value[1] < high < 1


def test_an_area_of_one_patient_has_no_interval() -> None:
    alone = Areas.of(SCORES, HIT, np.zeros(1500, np.int32))
    assert np.isnan(area_interval(alone.value[0], alone.parts[:, 0], alone.left[:, 0])).all()


def test_windows_of_few_patients_are_worth_less() -> None:
    hit, of = np.array([30.0, 0, 0, 0]), np.full(4, 30.0)  # one patient is always found, three never
    low, high, _ = share_interval(hit, of)
    alike = share_interval(np.full(4, 7.5), of)
    assert (low < alike[0], high > alike[1]) == (True, True)
    assert np.isnan(share_interval(hit * 0, of * 0)).all()


def test_a_skill_and_a_ratio_without_an_event_have_no_interval() -> None:
    none, some = np.zeros(5), np.ones(5)
    assert np.isnan(skill_interval(none, some, some * 10)).all()
    assert np.isnan(ratio_interval(none, some)).all()


def test_owners_are_numbered_from_0() -> None:
    assert owners_of(np.array([700, 3, 700, 9])).tolist() == [2, 0, 2, 1]
