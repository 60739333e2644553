"""Swapping models under load: no answer is lost, mixed, or late."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES
from service import Service, running

from fcv_api import scoring
from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_request

SHORT = os.environ.get("FAULTS_SHORT") == "1"
ACTIVATIONS = 6 if SHORT else 20
REQUESTS = 500 if SHORT else 2000
CLIENTS = 4
GRACE = 2.0  # seconds after an activation in which the old version may still answer

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass
class Load:
    """Clients that ask without a pause, and what they got: (begun, model, status and answer)."""

    service: Service
    token: dict[str, str]
    body: bytes
    got: list[tuple[float, str, int, Any]] = field(default_factory=list)
    lost: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until told to stop. A broken connection is counted, and made anew."""
        connection = HTTPConnection(*self.service.address, timeout=20)
        while not self.stop.is_set():
            began = time.time()
            try:
                connection.request("POST", "/predict", self.body, self.token | {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self.got.append((began, answer.headers.get("FCV-Model", ""), answer.status, json.loads(answer.read())))
            except (OSError, HTTPException):
                self.lost += 1
                connection.close()
        connection.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the shipped model and another one that answers otherwise."""
    folder = tmp_path_factory.mktemp("models") / "models"
    shutil.copytree(ROOT / "models", folder)
    other = import_file(FIXTURES / "bilstm_gru_keras2.h5", ImportRequest("other", "1.0.0"), lambda _step, _done: None)
    other.save(folder / "other" / "1.0.0")
    return folder


@pytest.fixture(scope="module")
def answers(models: Path) -> dict[str, Any]:
    """Give what each model answers to the example."""
    encounter = EncounterSchema().load(example_request()).read(UTC)
    given = {}
    for reference in ("fcv-sim/1.0.0", "other/1.0.0"):
        outcome = scoring.assess(encounter, Registry(models).load(reference))
        given[reference] = PredictionSchema().dump(outcome.or_raise())
    return given


@pytest.fixture
def service(tmp_path: Path, models: Path) -> Iterator[Service]:
    """Give a service with three workers."""
    with running(tmp_path, MODELS_DIR=str(models), WORKERS="3") as service:
        yield service


def activate(service: Service, reference: str) -> float:
    """Activate a model by the command, and give when it came into force, by the database."""
    command = [sys.executable, "-m", "fcv_api.cli", "model", "activate", reference, "--reason", "a fault test"]
    done = subprocess.run(command, env=service.environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Activated" in done.stdout, done.stderr
    with closing(sqlite3.connect(service.folder / "fcv.db")) as connection:
        (moment,) = connection.execute("SELECT at FROM activations ORDER BY id DESC LIMIT 1").fetchone()
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def under_load(service: Service) -> tuple[Load, list[threading.Thread]]:
    load = Load(service, service.sign_in(), json.dumps(example_request()).encode())
    threads = [threading.Thread(target=load.run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return load, threads


def finish(load: Load, threads: list[threading.Thread]) -> None:
    load.stop.set()
    for thread in threads:
        thread.join()


def test_no_answer_is_lost_or_mixed_while_models_alternate(service: Service, answers: dict[str, Any]) -> None:
    load, threads = under_load(service)
    for number in range(ACTIVATIONS):
        activate(service, list(answers)[(number + 1) % 2])
    while len(load.got) < REQUESTS:
        time.sleep(0.1)
    finish(load, threads)
    wrong = [each for each in load.got if each[2] != 200 or each[3] != answers[each[1]]]
    versions = {reference: sum(each[1] == reference for each in load.got) for reference in answers}
    print(
        f"\n{ACTIVATIONS} activations under {len(load.got)} requests: {load.lost} lost, {len(wrong)} wrong, {versions}"
    )
    assert (load.lost, wrong) == (0, [])
    assert min(versions.values()) > REQUESTS / 10


def test_no_old_version_answers_two_seconds_after_an_activation_though_workers_die(
    service: Service, answers: dict[str, Any]
) -> None:
    load, threads = under_load(service)
    done, killed = threading.Event(), [0]

    def kill() -> None:
        while not done.wait(1.0):
            os.kill(service.workers()[0], signal.SIGKILL)
            killed[0] += 1

    killer = threading.Thread(target=kill)
    killer.start()
    late = []
    for number in range(ACTIVATIONS // 2):
        reference = list(answers)[(number + 1) % 2]
        in_force = activate(service, reference)
        time.sleep(GRACE + 1.5)
        until = time.time()
        settled = [each for each in load.got if in_force + GRACE < each[0] < until and each[2] == 200]
        late += [each for each in settled if each[1] != reference]
    done.set()
    killer.join()
    finish(load, threads)
    wrong = [each for each in load.got if each[2] == 200 and each[3] != answers[each[1]]]
    other = {each[2] for each in load.got} - {200}
    print(
        f"\n{killed[0]} workers killed, {ACTIVATIONS // 2} activations, {len(load.got)} answers, {load.lost} lost with "
        f"their worker, {len(late)} late, {len(wrong)} wrong, other statuses: {other or 'none'}"
    )
    assert (late, wrong, other) == ([], [], set())
    assert len(load.got) > REQUESTS / 4
