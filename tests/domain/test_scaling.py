"""Scaling, against scikit-learn's StandardScaler."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from fcv_api.domain.window import PopulationScaling, scale_by_window

WINDOWS = arrays(np.float64, (20, 9), elements=st.floats(-1e6, 1e6, allow_subnormal=False))
# Monitors round: to one or two digits.
ROUNDED = arrays(np.int64, (20, 9), elements=st.integers(3550, 3750)).map(lambda cells: cells / 100)


@settings(max_examples=200, deadline=None)
@given(WINDOWS)
def test_any_window_scales_as_in_scikit_learn(raw: np.ndarray) -> None:
    np.testing.assert_allclose(scale_by_window(raw), StandardScaler().fit_transform(raw), atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(ROUNDED)
def test_rounded_values_scale_as_in_scikit_learn_to_nine_digits(raw: np.ndarray) -> None:
    np.testing.assert_allclose(scale_by_window(raw), StandardScaler().fit_transform(raw), atol=1e-9)


@pytest.mark.parametrize("value", [36.6, 0.0, -100.0, 0.1 + 0.2, 171.0, 1e9])
def test_a_sign_that_never_moved_scales_to_zero(value: float) -> None:
    assert (scale_by_window(np.full((20, 9), value)) == 0.0).all()


def test_a_sign_that_moved_by_rounding_alone_scales_to_zero() -> None:
    raw = np.full((20, 9), 36.6)
    raw[::2] = np.nextafter(36.6, 37)
    assert (scale_by_window(raw) == 0.0).all()


def test_a_static_sign_never_sent_scales_to_zero() -> None:
    raw = np.arange(180.0).reshape(20, 9)
    raw[:, 3] = np.nan
    scaled = scale_by_window(raw)
    assert (scaled[:, 3] == 0.0).all()
    assert np.isfinite(scaled).all()


def test_window_scaling_is_blind_to_levels() -> None:
    raw = np.random.default_rng(1).normal(80, 5, (20, 9)).round(2)
    np.testing.assert_allclose(scale_by_window(raw), scale_by_window(raw / 2 - 40), atol=1e-9)


def test_population_scaling_uses_the_patients_it_was_given() -> None:
    scale = PopulationScaling(mean=(80.0,) * 9, deviation=(4.0,) * 9)
    assert (scale(np.full((20, 9), 86.0)) == 1.5).all()


def test_population_scaling_puts_a_static_sign_never_sent_at_the_mean() -> None:
    raw = np.full((20, 9), 86.0)
    raw[:, 4] = np.nan
    assert (PopulationScaling(mean=(80.0,) * 9, deviation=(4.0,) * 9)(raw)[:, 4] == 0.0).all()
