"""The shipped model can be made, imported and compared again: its file, its seeds and its figures are here."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from fcv_api.lstm.artifact import Artifact, Manifest
from fcv_api.lstm.registry import SHIPPED
from fcv_api.training.ablation import FEATURES, MOST, simulator_sha256
from fcv_api.training.reference import LEARN_SEED, SCALING, SPOILT, TEST_SEED, Budget


@pytest.fixture(scope="module")
def manifest(root: Path) -> Manifest:
    return Artifact.load(root / "models" / SHIPPED).manifest


@pytest.fixture(scope="module")
def made(root: Path) -> Path:
    """Return the folder of what `make model` wrote."""
    return root / "docs" / SHIPPED.replace("/", "-")


def read(path: Path) -> dict[str, Any]:
    """Read a JSON file."""
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def test_its_keras_file_is_the_one_that_was_imported(manifest: Manifest, made: Path) -> None:
    kept = made / manifest.source["file"]
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == manifest.source["sha256"]


def test_its_seeds_and_its_recipe_are_those_that_make_it_again(made: Path) -> None:
    trainings = read(made / "trainings.json")
    assert trainings["seeds"] == {"learn": LEARN_SEED, "test": TEST_SEED}
    budget = Budget()
    assert trainings["patients"] == {"learn": budget.patients, "test": budget.tested, "with_artefacts": SPOILT}
    assert trainings[trainings["kept"]]["recipe"] == asdict(budget.recipe)


def test_its_document_says_what_it_did_on_the_patients_kept_aside(manifest: Manifest, made: Path, root: Path) -> None:
    trainings = read(made / "trainings.json")
    assert manifest.scaling["kind"] == trainings["kept"] == SCALING
    area = trainings[SCALING]["kept_aside"]["auprc"]["ill"]
    assert f"{area:.3f} on those kept aside" in (root / "docs" / "model.md").read_text("utf-8")


def test_no_feature_is_worth_more_than_a_quarter_of_a_state(made: Path) -> None:
    changes = read(made / "ablation.json")["changes"]
    assert changes.keys() == set(FEATURES)
    assert max(abs(change) for by_state in changes.values() for change in by_state.values()) <= MOST


def test_its_ablation_is_of_this_simulator_and_of_it(manifest: Manifest, made: Path) -> None:
    found = read(made / "ablation.json")
    assert found["simulator"] == simulator_sha256(), "make ablation again: the simulator has changed"
    assert (found["model"], found["model_sha256"]) == (SHIPPED, manifest.sha256)


def test_its_report_is_of_it_and_the_document_leads_with_its_figures(made: Path, root: Path) -> None:
    report = read(made / "report.json")
    assert report["model"] == SHIPPED
    own = report["scorers"][SHIPPED]
    text = (root / "docs" / "model.md").read_text("utf-8")
    for area in ("auroc", "auprc"):
        figure = own[area]["ill"]
        assert f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})" in text


def test_its_card_says_that_the_test_patients_were_met_once(manifest: Manifest) -> None:
    assert "test patients, who were met once" in manifest.card
