"""Calibration: afterwards probabilities are as frequent as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax

from fcv_api.training.calibration import calibrate

Logits = NDArray[np.float64]


def drawn(seed: int, count: int = 20_000) -> tuple[Logits, NDArray[np.intp]]:
    """Give logits that are true, and labels drawn by them."""
    dice = np.random.default_rng(seed)
    logits = dice.normal(0, 1.5, (count, 4))
    probabilities = softmax(logits, axis=1)
    return logits, (dice.random((count, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_known_temperature_and_bias_are_found_again(temperature: float) -> None:
    logits, labels = drawn(1)
    shift = np.array([1.0, -0.5, -1.5, 1.0])
    found = calibrate((logits - shift) * temperature, labels)
    assert found.temperature == pytest.approx(temperature, rel=0.05)
    np.testing.assert_allclose(found.bias, shift, atol=0.08)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5), st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_calibration_never_makes_the_windows_it_was_fitted_on_less_likely(
    seed: int, temperature: float, shift: list[float]
) -> None:
    logits, labels = drawn(seed, 500)
    found = calibrate(logits * temperature + np.array(shift), labels)
    assert found.after <= found.before + 1e-4


def test_each_class_is_on_average_as_probable_as_it_is_frequent() -> None:
    logits, labels = drawn(2)
    wrong = logits * 2 + np.array([0.0, 2.0, -1.0, 0.0])
    mean = calibrate(wrong, labels).probabilities(wrong).mean(axis=0)
    np.testing.assert_allclose(mean, np.bincount(labels) / len(labels), atol=1e-3)


def test_a_class_without_a_window_keeps_a_finite_bias() -> None:
    logits, labels = drawn(3)
    found = calibrate(logits[labels != 0], labels[labels != 0])
    assert np.isfinite(found.bias).all()
    assert found.bias.argmin() == 0
