"""`fcv model import`, from a Keras file to a model that answers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from conftest import FIXTURES, MakeSettings

from fcv_api.cli import main, model_import
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.lstm import keras_import
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import STEPS, Report, import_model
from fcv_api.settings import ROOT

pytestmark = [pytest.mark.needs_train, pytest.mark.filterwarnings("ignore")]  # TensorFlow and Keras warn of themselves
LSTM = str(FIXTURES / "lstm_relu_keras2.h5")
CLASSES = ["Arresto_Cardiaco", "Bajo_Gasto_Cardiaco", "Sano", "Shock_Cardiogenico"]


def here(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process."""
    result = CliRunner().invoke(main, list(arguments))
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def imported_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Import in this process, where it is not the process that is tested, and convert the file once for all tests."""

    def imported(path: Path, request: ImportRequest, report: Report) -> Artifact:
        return import_model(KerasFile.inspect(path, tmp_path), request, report)

    monkeypatch.setattr(keras_import, "load", lambda _file: _loaded())
    monkeypatch.setattr(keras_import, "_convert", _converted)
    monkeypatch.setattr(model_import, "import_file", imported)


_load, _convert = keras_import.load, keras_import._convert  # noqa: SLF001


@cache
def _loaded() -> Any:
    with tempfile.TemporaryDirectory() as private:
        return _load(KerasFile.inspect(Path(LSTM), Path(private)))


_converted = cache(_convert)


@pytest.fixture
def models(make_settings: MakeSettings, tmp_path: Path) -> Path:
    """Give a folder for models."""
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def expectation(tmp_path: Path, expected: dict[str, Any]) -> Path:
    """Give what the notebook of `lstm_relu_keras2.h5` answered for a golden encounter."""
    encounter = json.loads((FIXTURES / "encounter_5501.json").read_bytes())
    by_class = dict(zip(CLASSES, expected["encounter_5501"]["lstm_relu_keras2"], strict=True))
    told = {"encounter": encounter, "probabilities": by_class}
    (tmp_path / "expect.json").write_text(json.dumps(told))
    return tmp_path / "expect.json"


def refused(result: subprocess.CompletedProcess[str], models: Path) -> str:
    """Check that an import ended with a sentence and left nothing, and give the sentence."""
    assert result.returncode in (1, 2), result.stdout
    assert "Traceback" not in result.stderr
    assert not models.exists() or list(models.rglob("*")) == []
    return result.stderr


def test_a_model_is_imported_by_the_process_that_imports_and_answers(
    models: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def heard(path: Path, request: ImportRequest, report: Report) -> Artifact:
        def report_too(step: str, done: int) -> None:
            told.append(done)
            report(step, done)

        return import_file(path, request, report_too)

    monkeypatch.setattr(model_import, "import_file", heard)
    source = models.parent / "LSTM--1.2.0.h5"
    source.write_bytes(Path(LSTM).read_bytes())
    imported = here("model", "import", str(source))
    assert "Imported LSTM/1.2.0" in imported.stdout, imported.stderr
    assert (told, told[-1]) == (sorted(told), STEPS)
    answered = here("predict", str(FIXTURES / "encounter_5502.json"), "--model", "LSTM")
    wanted = expected["encounter_5502"]["lstm_relu_keras2"]
    assert list(json.loads(answered.stdout)["inferences"].values()) == pytest.approx(wanted, abs=1e-5)
    again = here("model", "import", str(source))
    assert (again.returncode, "give another --version" in again.stderr) == (1, True)


@pytest.mark.usefixtures("imported_here")
def test_what_nobody_said_is_told_as_assumed_and_stands_on_the_card(models: Path) -> None:
    imported = here("model", "import", LSTM, "--name", "LSTM", "--step", "5", "--sampling", "mean")
    assert imported.stdout.count("ASSUMED: ") == 3
    assert "horizon not stated" in imported.stdout
    manifest = orjson.loads((models / "LSTM" / "1.0.0" / "manifest.json").read_bytes())
    card = manifest["card"]
    assert (manifest["sampling"], "**Sampling:** mean." in card) == ("mean", True)
    for told in ("**Assumed:** the nine signs in alphabetical order", "horizon not stated", "not calibrated"):
        assert told in card


@pytest.mark.usefixtures("imported_here")
def test_an_expectation_that_is_met_leaves_no_assumption_and_becomes_a_golden_window(
    models: Path, expectation: Path
) -> None:
    said = ["--expect", str(expectation), "--step", "5", "--horizon", "30", "--trained-on", "hospital"]
    imported = here("model", "import", LSTM, "--name", "LSTM", *said)
    assert "the expected probabilities were met" in imported.stdout, imported.stderr
    assert "ASSUMED" not in imported.stdout
    manifest = orjson.loads((models / "LSTM" / "1.0.0" / "manifest.json").read_bytes())
    assert (len(manifest["golden"]), manifest["assumed"], manifest["horizon_minutes"]) == (5, [], 30)
    assert (manifest["evidence"], manifest["trained_on"]) == ("unvalidated", "hospital")


@pytest.mark.usefixtures("imported_here")
@pytest.mark.parametrize(
    "said",
    [
        ("--signs", ",".join(reversed(SIGN_NAMES))),
        ("--classes", ",".join(reversed(CLASSES))),
        ("--scaling", "population"),
    ],
    ids=lambda said: said[0],
)
def test_an_expectation_refuses_another_order_or_scaling(
    models: Path, expectation: Path, tmp_path: Path, said: tuple[str, str]
) -> None:
    (tmp_path / "scaler.json").write_text(json.dumps({"mean": [50.0] * 9, "deviation": [20.0] * 9}))
    scaler = ["--scaler", str(tmp_path / "scaler.json")] if said[1] == "population" else []
    result = here("model", "import", LSTM, "--name", "LSTM", "--expect", str(expectation), *said, *scaler)
    message = refused(result, models)
    assert "they differ by" in message
    assert "Look at --signs, --classes and --scaling. Nothing was written." in message


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (("--signs", "MDC_TEMP"), "each must be named once"),
        (("--signs", ",".join(["MDC_TEMP"] * 9)), "each must be named once"),
        (("--signs", "PULSE"), "'PULSE' is none of MDC_BLD_PERF_INDEX"),
        (("--classes", "Sano,Sano,Sano,Sano"), "each must be named once"),
        (("--scaling", "population"), "needs --scaler"),
        (("--scaler", "scaler.json"), "goes with --scaling population"),
        (("--horizon", "0"), "--horizon"),
        (("--name", "../up"), "cannot be a model's name"),
        (("--card", "nowhere.md"), "nowhere.md: No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_was_said_wrong_is_told_before_anything_is_loaded(
    models: Path, said: tuple[str, str], reason: str
) -> None:
    assert reason in refused(here("model", "import", LSTM, *said), models)


@pytest.mark.parametrize(
    "scaler",
    ["{}", "[]", '{"mean": [1], "deviation": [1]}', '{"mean": [1,1,1,1,1,1,1,1,1], "deviation": [0,1,1,1,1,1,1,1,1]}'],
)
def test_a_scaler_that_scales_nothing_is_refused(models: Path, tmp_path: Path, scaler: str) -> None:
    (tmp_path / "scaler.json").write_text(scaler)
    said = ["--scaling", "population", "--scaler", str(tmp_path / "scaler.json")]
    assert "scaler.json must" in refused(here("model", "import", LSTM, *said), models)


def test_a_file_that_holds_code_is_refused_and_leaves_nothing(models: Path) -> None:
    result = here("model", "import", str(FIXTURES / "lambda_keras2.h5"))
    assert "Lambda layer, which is code" in refused(result, models)


@pytest.mark.parametrize("package", ["h5py", "tf_keras"])
def test_without_the_train_extra_the_command_that_installs_it_is_named(
    models: Path, tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{package}.py").write_text(f"raise ImportError('not here', name={package!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    message = refused(here("model", "import", LSTM), models)
    assert f"Error: {package} is not installed. Install it with:" in message
    assert "-m pip install -c constraints.txt -e '.[train]'" in message


SLOW_CHILD = """
import time
from fcv_api.lstm import import_child

def slowly(file, request, report):
    for step in range(1, 1000):
        report(f"Loading {file.name}", step)
        time.sleep(0.05)

import_child.import_model = slowly
import_child.main()
"""
"""Imports as the child does, but for TensorFlow, which takes long to load."""
WITH_IT = """
from fcv_api.cli import main
from fcv_api.lstm import import_process
import_process.CHILD = "slow_child"
main()
"""


def test_an_import_that_is_killed_leaves_nothing_and_no_process(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_child.py").write_text(SLOW_CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-c", WITH_IT, "model", "import", LSTM, "--name", "LSTM"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT) as started:
        assert started.stderr is not None
        assert any("Loading" in line for line in started.stderr)
        (child,) = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        started.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()
    assert not models.exists() or list(models.rglob("*")) == []
