"""What moved a score: by sign, in log-odds, and stable under a little noise."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api.domain.explanation import GROUPS, RATES, explain, log_odds, without
from fcv_api.domain.prediction import Scorer, probabilities_of
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix, PopulationScaling, WindowSpec
from fcv_api.lstm.registry import SHIPPED_IN, Registry

MEANS = (2.0, 80.0, 1.0, 165.0, 75.0, 80.0, 96.0, 37.0, 18.0)


class Rule(FakeModel):
    """Scores by the sum of the scaled heart and pulse rates, less the saturation."""

    def score(self, scaled: Matrix) -> Matrix:
        """Return probabilities."""
        odds = float(scaled[-1, [1, 5]].sum() - scaled[-1, 6])
        ill = 1 / (1 + np.exp(-odds))
        return np.array([ill, 0.0, 1 - ill, 0.0])


RULE = Rule(spec=WindowSpec(scale=PopulationScaling(MEANS, (10.0,) * 9)))


def window(**last: float) -> Matrix:
    """Return a window at the population's means, but for some signs."""
    raw = np.tile(np.array(MEANS), (20, 1))
    for name, value in last.items():
        raw[:, SIGN_NAMES.index(name)] = value
    return raw


def test_each_sign_s_change_is_what_the_log_odds_lose_without_it() -> None:
    found = explain(window(MDC_ECG_HEART_RATE=100, MDC_PULS_OXIM_PULS_RATE=90, MDC_PULS_OXIM_SAT_O2=106), RULE)
    assert found.effects[0].signs == RATES
    assert found.effects[0].change == pytest.approx(3.0)
    assert found.effects[-1].signs == ("MDC_PULS_OXIM_SAT_O2",)
    assert found.effects[-1].change == pytest.approx(-1.0)
    assert log_odds(found.score) == pytest.approx(2.0)
    assert sorted(each.signs for each in found.effects) == sorted(GROUPS)


def test_it_says_what_was_measured_and_what_is_usual_in_both_languages() -> None:
    first, *_, last = explain(window(MDC_ECG_HEART_RATE=112.5, MDC_PULS_OXIM_SAT_O2=98), RULE).effects
    assert first.detail == "Heart rate and pulse raised the score: last 112.5, 80 /min; usual is 80."
    assert first.detail_es == "Frecuencia cardíaca y pulso subió el puntaje: último 112,5, 80 /min; lo usual es 80."
    assert last.detail == "Oxygen saturation lowered the score: last 98 %; usual is 96."
    assert [(each.last, each.usual) for each in last.measured] == [(98, 96)]


def test_a_sign_that_was_never_sent_moved_nothing_and_has_no_values() -> None:
    effects = {each.signs: each for each in explain(window(MDC_LEN_BODY_ACTUAL=float("nan")), RULE).effects}
    height = effects["MDC_LEN_BODY_ACTUAL",]
    assert (height.change, height.measured, height.detail) == (0.0, (), "Height hardly moved the score.")


def test_a_model_that_scales_by_the_window_has_no_usual_values() -> None:
    found = explain(window(), FakeModel())
    assert {each.usual for effect in found.effects for each in effect.measured} == {None}
    assert {each.change for each in found.effects} == {0.0}


@pytest.fixture(scope="module")
def shipped() -> Scorer:
    """Load the shipped model."""
    return Registry(SHIPPED_IN).load(None)


def test_without_the_first_two_signs_the_shipped_model_s_score_is_lower(shipped: Scorer) -> None:
    for raw in ailing(30):
        found = explain(raw, shipped)
        signs = found.effects[0].signs + found.effects[1].signs
        names = shipped.spec.signs
        scaled = shipped.spec.scale(raw[:, [SIGN_NAMES.index(name) for name in names]])
        less = probabilities_of(shipped.score(without(scaled, signs, names)), shipped)
        assert 1 - less[shipped.classes[2]] < found.score


def ailing(count: int) -> list[Matrix]:
    """Return windows that get worse, each in its own way."""
    dice = np.random.default_rng(3)
    rise = np.linspace(0, 1, 20)[:, np.newaxis]
    towards = np.array([0.4, 125, 8, 165, 75, 122, 90, 36.4, 29])
    return [
        np.array(MEANS) + rise * dice.uniform(0.5, 1) * (towards - MEANS) + dice.normal(size=(20, 9)) * 0.02
        for _ in range(count)
    ]
