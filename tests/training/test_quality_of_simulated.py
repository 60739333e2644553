"""An alarm that cries wolf is switched off: how often stable simulated patients draw a warning, and ill ones do not.

`python -m bench.warnings` measures the same on many stays.
"""

from __future__ import annotations

import json

import pytest
from fakes import FakeModel

from bench.warnings import BEGIN, END, Burden, after_onset, burden, spoilt, stays_of, table
from fcv_api.domain.prediction import State
from fcv_api.settings import ROOT
from fcv_api.training.simulate import Stay

ALWAYS_WELL = FakeModel(outputs=(0.02, 0.02, 0.94, 0.02))


@pytest.fixture(scope="module")
def stable() -> list[Stay]:
    """Return 40 stays. So few vary by half of what 500 do on average, so the limits are wider here than there."""
    return stays_of(State.NONE_OF_THESE, 40, seed=5)


def test_few_windows_of_stable_patients_draw_a_warning(stable: list[Stay]) -> None:
    found = burden(stable).figures()
    assert 0 < found["any_warning"] <= 8
    assert found["critical_episodes_a_day"] <= 0.7


def test_with_artefacts_they_are_some_more(stable: list[Stay]) -> None:
    found = burden(spoilt(stable, seed=5)).figures()
    assert burden(stable).figures()["any_warning"] < found["any_warning"] <= 20
    assert found["critical_episodes_a_day"] <= 1.5


def test_the_same_seed_gives_the_same_burden(stable: list[Stay]) -> None:
    first, second = (burden(spoilt(stable[:5], seed=8)) for _ in range(2))
    assert first == second != Burden()


def test_most_windows_after_the_onset_of_shock_warn_whatever_the_model_says() -> None:
    found = after_onset(stays_of(State.CARDIOGENIC_SHOCK, 25, seed=5), ALWAYS_WELL)
    assert found["left_sano"] == 0
    assert found["warn_or_left_sano"] >= 50


def test_nearly_every_window_after_an_arrest_warns() -> None:
    assert after_onset(stays_of(State.CARDIAC_ARREST, 25, seed=5), ALWAYS_WELL)["of_the_patient"] > 95


def test_the_page_says_what_was_measured_and_meets_what_is_asked_for() -> None:
    measured = json.loads((ROOT / "bench" / "warnings.json").read_text("utf-8"))
    page = (ROOT / "bench" / "warnings.md").read_text("utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == table(measured).strip()
    for name, episodes, share in (("stable", 0.7, 5), ("with_artefacts", 1.5, 15)):
        assert measured[name]["critical_episodes_a_day"] <= episodes
        assert measured[name]["any_warning"] <= share
