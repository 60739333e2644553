"""A refit is written into the last layer: what serves is a model like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fcv_api.domain.evidence import Evidence
from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.parity import random_walks
from fcv_api.lstm.refit import Refit, refitted
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.lstm.runtime import LiteRtModel

REFIT = Refit("slope", 0.8, np.array([0.5, -0.2, 0.1, -0.4]), {"events": {"cardiac_arrest": 60}})


@pytest.fixture(scope="module")
def parent() -> Artifact:
    return Artifact.load(SHIPPED_IN / SHIPPED)


@pytest.fixture(scope="module")
def child(parent: Artifact) -> Artifact:
    return refitted(parent, REFIT, "2.0.1")


def test_the_refitted_model_answers_the_softmax_of_slope_and_bias(parent: Artifact, child: Artifact) -> None:
    scaled = [parent.manifest.spec.scale(window) for window in random_walks(parent.manifest.spec)[:20]]
    before, after = (np.array([LiteRtModel(each).score(one) for one in scaled]) for each in (parent, child))
    assert np.abs(after - REFIT.apply(before)).max() < 1e-6
    assert np.abs(after - before).max() > 0.05


def test_it_is_saved_loaded_and_verified_as_any_model_and_names_its_parent(
    parent: Artifact, child: Artifact, tmp_path: Path
) -> None:
    child.save(tmp_path / "fcv-sim" / "2.0.1")
    found = Artifact.load(tmp_path / "fcv-sim" / "2.0.1")
    LiteRtModel(found).verify()
    assert found.manifest.sha256 != parent.manifest.sha256
    assert found.manifest.refit is not None
    assert found.manifest.refit["parent"] == SHIPPED
    assert found.manifest.refit["parent_manifest_sha256"] == parent.manifest.canonical_sha256
    assert "Refit (slope) of fcv-sim/2.0.0" in found.manifest.card


def test_a_changed_bias_is_another_manifest_and_a_damaged_layer_is_found(child: Artifact) -> None:
    assert child.manifest.refit is not None
    other = replace(child.manifest, refit=child.manifest.refit | {"slope": 1.0})
    assert other.canonical_sha256 != child.manifest.canonical_sha256
    golden = replace(child.manifest.golden[0], outputs=[0.25] * 4)
    with pytest.raises(ArtifactError, match="differs by"):
        LiteRtModel(replace(child, manifest=replace(child.manifest, golden=(golden,))))


def test_a_refit_has_earned_no_evidence(parent: Artifact) -> None:
    claiming = replace(parent, manifest=replace(parent.manifest, evidence=Evidence.PROSPECTIVE))
    made = refitted(claiming, REFIT, "2.0.1").manifest
    assert (made.evidence, made.attestation) == (Evidence.UNVALIDATED, None)


def test_a_refit_of_nothing_changes_no_answer(parent: Artifact) -> None:
    same = refitted(parent, Refit("intercept", 1.0, np.zeros(4), {}), "2.0.2")
    assert same.flatbuffer == parent.flatbuffer
