"""Swapping models under load: no answer is lost, mixed, or late."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from clients import SHORT, Answer, killing, of_its_own, under_load
from conftest import FIXTURES
from service import Service, running

from fcv_api import scoring
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_request

ACTIVATIONS = 4 if SHORT else 20
REQUESTS = 300 if SHORT else 2000
CLIENTS = 4
GRACE = 2.0  # seconds after an activation in which the old version may still answer

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the shipped model and another one that answers otherwise."""
    folder = tmp_path_factory.mktemp("models") / "models"
    shutil.copytree(ROOT / "models", folder)
    shutil.copytree(FIXTURES / "models" / "fcv-untrained", folder / "fcv-untrained")
    return folder


@pytest.fixture(scope="module")
def answers(models: Path) -> dict[str, Any]:
    """Give what each model answers to the example."""
    encounter = EncounterSchema().load(example_request()).read(UTC)
    given = {}
    for reference in ("fcv-sim/2.0.0", "fcv-untrained/0.1.0"):
        outcome = scoring.assess(encounter, Registry(models).load(reference))
        given[reference] = PredictionSchema().dump(outcome.or_raise())
    return given


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Service]:
    """Give a service with three workers."""
    with running(tmp_path_factory.mktemp("service"), MODELS_DIR=str(models), WORKERS="3") as service:
        yield service


def activate(service: Service, reference: str) -> float:
    """Activate a model by the command, and give when it came into force, by the database."""
    done = service.fcv("model", "activate", reference, "--reason", "a fault test")
    assert "Activated" in done.stdout, done.stderr
    with closing(sqlite3.connect(service.folder / "fcv.db")) as connection:
        (moment,) = connection.execute("SELECT at FROM activations ORDER BY id DESC LIMIT 1").fetchone()
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def example() -> Iterator[bytes]:
    return cycle([json.dumps(example_request()).encode()])


def model_of(answer: Answer) -> str:
    return answer.headers.get("FCV-Model", "")


def test_no_answer_is_lost_or_mixed_while_models_alternate(service: Service, answers: dict[str, Any]) -> None:
    with under_load(service, example(), CLIENTS) as load:
        for number in range(ACTIVATIONS):
            activate(service, list(answers)[(number + 1) % 2])
        while len(load.got) < REQUESTS:
            time.sleep(0.1)
    wrong = [each for each in load.got if each.status != 200 or of_its_own(each.body) != answers[model_of(each)]]
    versions = {reference: sum(model_of(each) == reference for each in load.got) for reference in answers}
    print(
        f"\n{ACTIVATIONS} activations under {len(load.got)} requests: {len(load.lost)} lost, {len(wrong)} wrong, "
        f"{versions}"
    )
    assert (load.lost, wrong) == ([], [])
    assert min(versions.values()) > REQUESTS / 10


def test_no_old_version_answers_two_seconds_after_an_activation_though_workers_die(
    service: Service, answers: dict[str, Any]
) -> None:
    late = []
    with under_load(service, example(), CLIENTS) as load, killing(service, 1.0) as killed:
        for number in range(ACTIVATIONS // 2):
            reference = list(answers)[(number + 1) % 2]
            in_force = activate(service, reference)
            time.sleep(GRACE + 1.5)
            until = time.time()
            settled = [each for each in load.got if in_force + GRACE < each.begun < until and each.status == 200]
            late += [each for each in settled if model_of(each) != reference]
    wrong = [each for each in load.got if each.status == 200 and of_its_own(each.body) != answers[model_of(each)]]
    other = {each.status for each in load.got} - {200}
    print(
        f"\n{len(killed)} workers killed, {ACTIVATIONS // 2} activations, {len(load.got)} answers, {len(load.lost)} "
        f"lost with their worker, {len(late)} late, {len(wrong)} wrong, other statuses: {other or 'none'}"
    )
    assert (late, wrong, other) == ([], [], set())
    assert len(load.got) > REQUESTS / 4
