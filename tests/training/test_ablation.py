"""No class may live by one thing that the simulator was made to do."""

from __future__ import annotations

from fakes import FakeModel

from fcv_api.domain.window import WindowSpec
from fcv_api.training.ablation import FEATURES, ablate, simulator_sha256
from fcv_api.training.discrimination import ILL, NAMES
from fcv_api.training.parameters import P, without


def test_each_feature_is_a_parameter_that_comes_back_after_the_block() -> None:
    before = dict(P)
    for feature in FEATURES:
        with without(feature):
            assert P[feature] == 0
    assert before == P


def test_without_a_feature_the_simulator_is_another_one() -> None:
    whole = simulator_sha256()
    with without("low_flow.heart_rate"):
        assert simulator_sha256() != whole
    assert simulator_sha256() == whole


def test_a_model_that_reads_nothing_loses_nothing() -> None:
    model = FakeModel(spec=WindowSpec(scale=lambda raw: raw))
    found = ablate(model, 6, lambda *_: None)
    assert found["changes"].keys() == set(FEATURES)
    assert found["auprc"].keys() == found["changes"]["collapse.deepest"].keys() == {NAMES[place] for place in ILL}
