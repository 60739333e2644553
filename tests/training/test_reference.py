"""The reference model: trained, and measured on patients whom nothing was chosen by."""

from __future__ import annotations

import hashlib

import pytest

from fcv_api.domain.evidence import TrainedOn
from fcv_api.lstm.network import Recipe
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.training.reference import LEARN_SEED, SCALING, TEST_SEED, Budget, Reference, make_reference
from fcv_api.training.simulate import first_id
from fcv_api.training.train import Plan

BUDGET = Budget(patients=80, tested=30, recipe=Recipe(layer="dense", units=4, epochs=2))


def silent(*_: object) -> None:
    """Hear of progress, and say nothing."""


@pytest.fixture(scope="module")
def one(few_trees: None) -> Reference:  # noqa: ARG001 - what it does is wanted
    """Give a small reference model: it takes long to make."""
    return make_reference(Plan("small", "1.0.0"), BUDGET, silent)


@pytest.mark.needs_train
@pytest.mark.filterwarnings("ignore")  # TensorFlow and Keras warn of themselves
def test_the_card_says_how_it_did_on_patients_whom_nothing_was_chosen_by(one: Reference) -> None:
    manifest = one.artifact.manifest
    assert manifest.scaling["kind"] == one.trainings["kept"] == SCALING
    assert one.trainings[SCALING]["kept_aside"]["auprc"]["ill"] > 0
    assert hashlib.sha256(one.keras).hexdigest() == manifest.source["sha256"]
    assert manifest.trained_on is TrainedOn.SIMULATED
    assert "test patients" in manifest.card
    assert all(name in manifest.card for name in one.comparison["scorers"])
    assert "alarms per patient-hour it missed" in manifest.card
    assert "simulated patients only" in manifest.card
    assert sum(one.comparison["test"]["patients"].values()) <= BUDGET.tested
    assert first_id(TEST_SEED) >= first_id(LEARN_SEED) + 1_000_000 > BUDGET.patients
    LiteRtModel(one.artifact)  # its golden windows come out
