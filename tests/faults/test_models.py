"""Models in a running service: swapped, damaged, and of another window."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from clients import SHORT
from malformed import malformed
from service import Service, running, start

from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT

SHIPPED = ROOT / "models" / "fcv-sim" / "2.0.0"
BYTES = "model.tflite"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a folder with the shipped model and a second version of it."""
    shutil.copytree(SHIPPED, tmp_path / "models" / "fcv-sim" / "2.0.0")
    artifact = Registry(ROOT / "models").artifact("fcv-sim/2.0.0")
    second = Artifact(replace(artifact.manifest, version="1.2.0"), artifact.flatbuffer)
    second.save(tmp_path / "models" / "fcv-sim" / "1.2.0")
    return tmp_path / "models"


def activate(service: Service, version: str) -> str:
    done = service.fcv("model", "activate", version, "--reason", "a test")
    assert done.returncode == 0, done.stderr
    return done.stdout


def predict(service: Service, token: dict[str, str], encounter: dict[str, Any]) -> requests.Response:
    return requests.post(f"{service.url}/predict", json=encounter, headers=token, timeout=10)


def spoil(file: Path, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "a flipped bit":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif how == "truncated":
        file.write_bytes(content[:1000])
    else:
        file.unlink()


def test_an_activation_reaches_every_worker_which_goes_on_after_the_models_folder_is_gone(
    tmp_path: Path, models: Path, encounter: dict[str, Any]
) -> None:
    with running(tmp_path, MODELS_DIR=str(models), WORKERS="3") as service:
        token = service.sign_in()
        assert predict(service, token, encounter).headers["FCV-Model"] == "fcv-sim/2.0.0"
        assert "3 workers serve it." in activate(service, "1.2.0")
        told = {predict(service, token, encounter).headers["FCV-Model"] for _ in range(30)}
        assert told == {"fcv-sim/1.2.0"}
        ready = requests.get(f"{service.url}/health/ready", timeout=5).json()
        assert ready["checks"]["workers"]["detail"].count("fcv-sim/1.2.0") == 3
        assert requests.get(f"{service.url}/home", timeout=5).json()["model_version"] == "1.2.0"
        assert service.log().count("models: serving fcv-sim/1.2.0 sha256 ") == 3
        shutil.rmtree(models)
        assert {predict(service, token, encounter).status_code for _ in range(30)} == {200}
        assert requests.get(f"{service.url}/health/ready", timeout=5).json()["status"] == "ok"


HOW = ("a flipped bit", "truncated", "deleted")


@contextmanager
def spoilt(file: Path, how: str) -> Iterator[None]:
    """Spoil a file during the block."""
    content = file.read_bytes()
    spoil(file, how)
    yield
    file.write_bytes(content)


@pytest.mark.parametrize("version", ["2.0.0", "1.2.0"], ids=["shipped", "activated"])
def test_a_damaged_model_goes_on_answering_from_memory_says_degraded_and_does_not_start_again(
    tmp_path: Path, models: Path, encounter: dict[str, Any], version: str
) -> None:
    file = models / "fcv-sim" / version / BYTES
    with running(tmp_path, MODELS_DIR=str(models)) as service:
        token = service.sign_in()
        if version != "2.0.0":
            activate(service, version)
        for how in HOW:
            with spoilt(file, how):
                check_degraded(service)
                assert predict(service, token, encounter).headers["FCV-Model"] == f"fcv-sim/{version}"
            assert requests.get(f"{service.url}/health/ready", timeout=5).json()["status"] == "ok"
    for how in HOW[:1] if SHORT else HOW:  # tests/lstm/test_registry.py loads all of them
        with spoilt(file, how):
            check_refused(start(tmp_path, MODELS_DIR=str(models)))


def check_degraded(service: Service) -> None:
    ready = requests.get(f"{service.url}/health/ready", timeout=5)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert BYTES in ready.json()["checks"]["model"]["detail"]
    assert requests.get(f"{service.url}/home", timeout=5).json()["health_check"] == "DEGRADED"


def check_refused(service: Service) -> None:
    assert service.master.wait(timeout=20) == 1
    output = (service.folder / "output").read_text()
    assert BYTES in output
    assert "Traceback" not in output


UNTRIED = """
from pathlib import Path
import sys
from fcv_api import activations
from fcv_api.app import database_app
from fcv_api.cli.activation import _copy
from fcv_api.lstm.artifact import Artifact
from fcv_api.settings import Settings
with database_app(Settings.from_environment()).app_context():
    activations.activate(_copy(Artifact.load(Path(sys.argv[1]))), "another host", "not tried here")
"""


def test_a_malformed_flatbuffer_ends_no_worker_and_no_starting_master(
    tmp_path: Path, models: Path, encounter: dict[str, Any]
) -> None:
    malformed().save(models / "fcv-untrained" / "6.6.6")
    with running(tmp_path, MODELS_DIR=str(models)) as service:
        token, before = service.sign_in(), service.workers()
        command = [sys.executable, "-c", UNTRIED, str(models / "fcv-untrained" / "6.6.6")]
        subprocess.run(command, env=service.environment, check=True, cwd=ROOT)
        deadline = time.monotonic() + 30
        while service.log().count("activation 1 failed: Model fcv-untrained/6.6.6 ended the process") < len(before):
            assert time.monotonic() < deadline, service.log()
            time.sleep(0.2)
        assert predict(service, token, encounter).headers["FCV-Model"] == "fcv-sim/2.0.0"
        assert service.workers() == before
        ready = requests.get(f"{service.url}/health/ready", timeout=5).json()
        assert (ready["status"], "signal 11" in ready["checks"]["model"]["detail"]) == ("degraded", True)
    for pinned in ({}, {"MODEL": "fcv-untrained/6.6.6"}):
        again = start(tmp_path, MODELS_DIR=str(models), **pinned)
        assert again.master.wait(timeout=60) == 1
        output = (tmp_path / "output").read_text()
        assert ("signal 11" in output, "Traceback" in output) == (True, False)


@pytest.mark.needs_train
@pytest.mark.filterwarnings("ignore")
def test_a_model_of_twelve_instants_serves_beside_the_default(
    tmp_path: Path, models: Path, encounter: dict[str, Any]
) -> None:
    from test_architectures import plain, save

    source = save(plain, tmp_path / "short--1.0.0.keras", instants=12)
    with running(tmp_path, MODELS_DIR=str(models)) as service:
        command = [sys.executable, "-m", "fcv_api.cli", "model", "import", str(source)]
        subprocess.run(command, env=service.environment, check=True, capture_output=True, cwd=ROOT)
        token = service.sign_in()
        wide = predict(service, token, encounter).headers
        activate(service, "short/1.0.0")
        narrow = predict(service, token, encounter)
        assert (wide["FCV-Window"][:19], narrow.headers["FCV-Window"][:19]) == (
            "2024-03-03 07:55:00",
            "2024-03-03 08:35:00",
        )
        assert narrow.json()["inferences"] == pytest.approx(_with_keras(source, encounter), abs=1e-5)


def _with_keras(source: Path, encounter: dict[str, Any]) -> dict[str, float]:
    """Answer as a notebook would: pandas, scikit-learn, Keras."""
    import keras
    from sklearn.preprocessing import StandardScaler
    from strategies import window_with_pandas

    scaled = StandardScaler().fit_transform(window_with_pandas(encounter, 12).to_numpy())
    outputs = keras.models.load_model(source).predict(scaled[None], verbose=0)[0]
    names = ("Arresto_Cardiaco", "Bajo_Gasto_Cardiaco", "Sano", "Shock_Cardiogenico")
    return dict(zip(names, map(float, outputs), strict=True))
