"""`fcv drift`: a reference in the manifest, and what is held against it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings

from fcv_api.cli import main
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.simulate import Stay, simulate
from fcv_api.wire.stays import write_stays

SATURATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"]


@pytest.fixture
def model(make_settings: MakeSettings, tmp_path: Path) -> Path:
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)
    manifest = Artifact.load(tmp_path / "models" / SHIPPED).manifest
    replace(manifest, drift=None).replace_in(tmp_path / "models" / SHIPPED)
    return tmp_path / "models" / SHIPPED


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def export(folder: Path, seed: int, shift: float = 0.0) -> Path:
    def moved(stay: Stay) -> Stay:
        values = stay.values.copy()
        values[:, SATURATION] += shift
        return replace(stay, values=values)

    path = folder / f"export{seed}.parquet"
    write_stays(path, folder / "labels.csv", map(moved, simulate(25, seed, 1)))
    return path


def test_a_reference_is_made_and_the_same_patients_do_not_drift_from_it(model: Path, tmp_path: Path) -> None:
    before = Artifact.load(model).manifest
    first = export(tmp_path, 3)
    assert "has no reference" in run("drift", first, "--model", SHIPPED).output
    assert "the reference is of 25 stays" in run("drift", first, "--model", SHIPPED, "--reference").output
    assert Artifact.load(model).manifest.canonical_sha256 == before.canonical_sha256  # an attestation stays good
    result = run("drift", first, "--model", SHIPPED)
    assert (result.exit_code, result.output.count("no drift seen")) == (0, 19)


def test_a_saturation_that_fell_is_found_and_the_exit_code_says_so(model: Path, tmp_path: Path) -> None:
    assert model
    run("drift", export(tmp_path, 3), "--model", SHIPPED, "--reference")
    result = run("drift", export(tmp_path, 4, shift=-5), "--model", SHIPPED, "--json")
    found = {each["sign"]: each["verdict"] for each in orjson.loads(result.output) if each["what"] == "distribution"}
    assert (result.exit_code, found["MDC_PULS_OXIM_SAT_O2"]) == (1, "large drift")


def test_a_day_or_an_export_is_needed(model: Path) -> None:
    assert model
    assert "Give EXPORT, or --since" in run("drift").output
