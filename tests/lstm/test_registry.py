"""Which models there are, and how they are called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fcv_api.lstm.artifact import ArtifactError
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.settings import ROOT


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Give a registry with three versions of the shipped model, and rubbish beside them."""
    for version in ("2.0.0", "2.10.0", "2.9.0"):
        folder = tmp_path / "fcv-sim" / version
        shutil.copytree(ROOT / "models" / "fcv-sim" / "2.0.0", folder)
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"version": "2.0.0"', f'"version": "{version}"'))
    (tmp_path / "fcv-sim" / ".import-abc").mkdir()
    (tmp_path / "notes.txt").touch()
    return Registry(tmp_path)


def test_versions_are_listed_from_the_oldest_to_the_newest(registry: Registry) -> None:
    assert [each.split("/")[1] for each in registry.references()] == ["2.0.0", "2.9.0", "2.10.0"]


def test_a_name_alone_means_its_newest_version(registry: Registry) -> None:
    assert str(registry.load("fcv-sim").identity) == "fcv-sim/2.10.0"


def test_nothing_chosen_means_the_shipped_model(registry: Registry) -> None:
    assert str(registry.load(None).identity) == SHIPPED


def test_the_shipped_model_need_not_lie_among_ones_own(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "own")
    assert str(registry.load(None).identity) == SHIPPED
    assert registry.references() == [SHIPPED]


def test_a_damaged_copy_of_the_shipped_model_is_not_passed_over(registry: Registry) -> None:
    (registry.models_dir / SHIPPED / "model.tflite").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="sha256"):
        registry.load(None)


def test_an_unknown_name_is_refused_and_the_known_ones_are_told(registry: Registry) -> None:
    with pytest.raises(ArtifactError, match=r"no model 'other'.*fcv-sim/2\.10\.0"):
        registry.load("other")


@pytest.mark.parametrize("reference", ["../secrets/1", "a/../..", "", "/etc/passwd", "a b/1", "x\n/1", "-/1"])
def test_a_reference_is_never_a_path(registry: Registry, reference: str) -> None:
    with pytest.raises(ArtifactError, match="cannot be a model's name or version"):
        registry.folder(reference)


def test_a_folder_that_holds_another_version_than_it_says_is_refused(registry: Registry) -> None:
    (registry.models_dir / "fcv-sim" / "2.9.0").rename(registry.models_dir / "fcv-sim" / "3.0.0")
    with pytest.raises(ArtifactError, match=r"holds fcv-sim/2\.9\.0"):
        registry.load("fcv-sim/3.0.0")
