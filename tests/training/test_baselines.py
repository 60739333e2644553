"""Baselines: fitted on other patients than they score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.domain.window import WindowSpec
from fcv_api.training.baselines import (
    FITTED,
    cross_fit,
    early_warning,
    last_value_logistic,
    single_signs,
    summaries,
)
from fcv_api.training.dataset import NONE, Horizon, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.simulate import cohort_of, simulate


@pytest.fixture(scope="module")
def windows() -> LabelledWindows:
    """Give the windows of 40 simulated stays."""
    return cut_windows(cohort_of(simulate(40, 3)), WindowSpec(), Horizon(every=6))


@pytest.mark.parametrize("name", FITTED)
def test_a_baseline_gives_four_probabilities_of_windows_with_signs_never_sent(
    name: str, windows: LabelledWindows
) -> None:
    raw = windows.raw.copy()
    raw[windows.patient == windows.patient[0], :, INDEX_BY_NAME["MDC_LEN_BODY_ACTUAL"]] = np.nan
    windows = replace(windows, raw=raw)
    scores = FITTED[name](windows)(windows)
    assert scores.shape == (len(windows), 4)
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_cross_fitting_never_learns_from_the_patient_it_scores(windows: LabelledWindows) -> None:
    met: list[set[str]] = []

    def fit(train: LabelledWindows) -> object:
        learnt = set(train.patient.tolist())

        def predict(scored: LabelledWindows) -> object:
            met.append(learnt & set(scored.patient.tolist()))
            return np.full((len(scored), 4), 0.25)

        return predict

    assert (cross_fit(fit, windows) == 0.25).all()  # type: ignore[arg-type]
    assert met == [set()] * 5


def test_windows_of_one_class_are_refused_in_one_sentence(windows: LabelledWindows) -> None:
    with pytest.raises(UnusableData, match=r"windows of two classes, and all .* are none_of_these"):
        last_value_logistic(windows.where(windows.label == NONE))


def test_news2_gives_the_points_of_its_chart(windows: LabelledWindows) -> None:
    two = windows.where(np.array([0, 1]))
    for name, values in {
        "MDC_TTHOR_RESP_RATE": (25, 20),
        "MDC_PULS_OXIM_SAT_O2": (93, 96),
        "MDC_ECG_HEART_RATE": (131, 90),
        "MDC_TEMP": (39.1, 38.0),
    }.items():
        two.raw[:, -1, INDEX_BY_NAME[name]] = values
    assert early_warning(two)[:, 0].tolist() == [3 + 2 + 3 + 2, 0]
    assert early_warning(two)[:, NONE].tolist() == [-10, 0]


def test_a_slope_is_the_change_an_instant(windows: LabelledWindows) -> None:
    one = windows.where(np.array([0]))
    one.raw[0, :, 0] = np.arange(one.raw.shape[1]) * 0.5
    assert summaries(one)[0, 45] == pytest.approx(0.5)


def test_a_sign_that_gives_the_label_away_is_shown_in_either_direction(windows: LabelledWindows) -> None:
    told = windows.where(np.isin(windows.label, [0, NONE]) | (windows.label == 1))
    binary = told.where(np.isin(told.label, [1, NONE]))
    binary.raw[:, -1, 0] = np.where(binary.label == NONE, 5.0, 1.0)
    assert single_signs(binary)["MDC_BLD_PERF_INDEX"] == 1.0
