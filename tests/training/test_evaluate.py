"""An evaluation: prediction in the headline, detection apart, all scorers on the same windows."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import NONE, Horizon, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.evaluate import assess_windows, compare, score_windows, spec_in_order
from fcv_api.training.simulate import cohort_of, simulate


@pytest.fixture(scope="module")
def windows() -> LabelledWindows:
    """Give the windows of 40 simulated stays."""
    return cut_windows(cohort_of(simulate(40, 3)), WindowSpec(), Horizon(every=6))


@pytest.fixture
def truth(windows: LabelledWindows) -> Matrix:
    """Give probabilities that know every label."""
    return np.eye(len(CLASSES))[windows.label]


def test_a_model_reads_its_own_order_of_signs_and_is_heard_in_ours(windows: LabelledWindows) -> None:
    order = SIGN_NAMES[::-1]
    model = FakeModel(spec=WindowSpec(signs=order, scale=lambda raw: raw), classes=tuple(reversed(CLASSES)))
    few = windows.where(np.array([0, 1]))
    assert score_windows(model, few).tolist() == [[0.1, 0.6, 0.2, 0.1]] * 2
    assert np.array_equal(model.asked[0], few.raw[0, :, ::-1], equal_nan=True)
    assert spec_in_order(model).signs == SIGN_NAMES


def test_a_perfect_model_is_perfect_in_every_figure(windows: LabelledWindows, truth: Matrix) -> None:
    told = assess_windows(windows, truth)
    assert told["auroc"]["ill"]["value"] == told["auprc"]["ill"]["value"] == 1
    assert told["calibration"]["ece"] == told["calibration"]["brier"] == 0
    assert {each["brier_skill"] for each in told["calibration"]["by_state"].values()} == {1}
    assert told["leaves_none"]["ppv"] == {"0.01": 1, "0.03": 1, "0.1": 1}


def test_windows_after_the_onset_never_reach_the_headline(windows: LabelledWindows, truth: Matrix) -> None:
    blind = truth.copy()
    blind[~windows.ahead] = 0.25
    told, whole = assess_windows(windows, blind), assess_windows(windows, truth)
    assert told["auroc"] == whole["auroc"]
    apart = ("whole_stays", "drawn")
    alarms = [[{k: v for k, v in at.items() if k not in apart} for at in each["alarms"]] for each in (told, whole)]
    assert alarms[0] == alarms[1]
    assert told["detection"] != whole["detection"]


def test_a_ranking_has_no_calibration_and_no_most_probable_class(windows: LabelledWindows, truth: Matrix) -> None:
    told = assess_windows(windows, truth, ranking=True)
    assert {"calibration", "confusion", "leaves_none"} & told.keys() == set()
    assert "auroc" in told


@pytest.mark.usefixtures("few_trees")
def test_all_baselines_stand_beside_the_model(windows: LabelledWindows, truth: Matrix) -> None:
    told = compare(windows, {"oracle/1": truth}, train=windows)
    assert len(told["scorers"]) == 4
    assert set(told["single_sign_ill_auroc"]) == set(SIGN_NAMES)
    assert sum(told["data"]["windows_ahead"].values()) == windows.ahead.sum()
    assert told["differences"].keys() == told["scorers"].keys() - {"oracle/1"}
    assert "the model is better" in told["differences"]["partial early warning (NEWS2)"]["auprc"]["ill"]["verdict"]
    assert sum(told["data"]["event_rate"].values()) == pytest.approx(1)
    assert told["data"]["encounters_with"][State.NONE_OF_THESE.value] > 0


def test_one_class_only_is_refused_in_one_sentence(windows: LabelledWindows, truth: Matrix) -> None:
    only = windows.label == NONE
    with pytest.raises(UnusableData, match="Nothing can be distinguished"):
        compare(windows.where(only), {"oracle/1": truth[only]})
