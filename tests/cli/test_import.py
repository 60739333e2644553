"""`fcv model import`, from a Keras file to a model that answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES, MakeSettings

from fcv_api.settings import ROOT

pytestmark = pytest.mark.needs_train


def fcv(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own. without: a package that shall not be there."""
    hidden = f"import sys; sys.modules[{without!r}] = None; " if without else ""
    start = f"{hidden}from fcv_api.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.fixture
def models(make_settings: MakeSettings, tmp_path: Path) -> Path:
    """Give a folder for models."""
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_model_is_imported_under_the_name_of_its_file_and_answers(models: Path, expected: dict[str, Any]) -> None:
    source = models.parent / "LSTM--1.2.0.h5"
    source.write_bytes((FIXTURES / "bilstm_gru_keras2.h5").read_bytes())
    imported = fcv("model", "import", str(source))
    assert "Imported LSTM/1.2.0" in imported.stdout, imported.stderr
    answered = fcv("predict", str(FIXTURES / "encounter_5502.json"), "--model", "LSTM")
    wanted = expected["encounter_5502"]["bilstm_gru_keras2"]
    assert list(json.loads(answered.stdout)["inferences"].values()) == pytest.approx(wanted, abs=1e-5)
    assert "not stated" in fcv("model", "show", "LSTM").stdout
    again = fcv("model", "import", str(source))
    assert (again.returncode, "give another --version" in again.stderr) == (1, True)


def test_a_file_that_holds_code_is_refused_and_leaves_nothing(models: Path) -> None:
    refused = fcv("model", "import", str(FIXTURES / "lambda_keras2.h5"))
    assert (refused.returncode, "Lambda layer, which is code" in refused.stderr) == (1, True)
    assert not models.exists()


@pytest.mark.parametrize("package", ["h5py", "tf_keras"])
def test_without_the_train_extra_the_command_that_installs_it_is_named(models: Path, package: str) -> None:
    refused = fcv("model", "import", str(FIXTURES / "lstm_relu_keras2.h5"), without=package)
    assert refused.returncode == 1
    assert f"Error: {package} is not installed. Install it with:" in refused.stderr
    assert "-m pip install -c constraints.txt -e '.[train]'" in refused.stderr
    assert not models.exists()
