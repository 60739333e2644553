"""The small form of `python -m bench.explanation`."""

from __future__ import annotations

import numpy as np

from bench.explanation import measure
from fcv_api.lstm.registry import SHIPPED_IN, Registry
from fcv_api.training.dataset import Horizon, cut_windows
from fcv_api.training.evaluate import spec_in_order
from fcv_api.training.simulate import cohort_of, simulate


def test_half_a_scan_of_noise_leaves_the_first_sign_and_without_the_first_two_the_score_is_lower() -> None:
    model = Registry(SHIPPED_IN).load(None)
    windows = cut_windows(cohort_of(simulate(12, 1701)), spec_in_order(model), Horizon(30, 4))
    same, lower = measure(model, windows.raw[np.random.default_rng(1).permutation(len(windows))[:100]])
    assert same >= 0.95
    assert lower >= 0.95
