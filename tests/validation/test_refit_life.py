"""The life of a refit: fitted on early patients, saved, attested by its own report alone, activated and replayed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings, MakeToken
from flask import Flask
from made_up_windows import made_up
from whole_report import whole_report

from fcv_api.app import create_app
from fcv_api.cli import main
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.settings import Settings
from fcv_api.training.dataset import NONE
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.refit import fit_refit, save_refit
from fcv_api.validation.split import split_in_time

REFITTED = "fcv-sim/2.0.0-here"
Run = Callable[..., Result]


@pytest.fixture
def run(make_settings: MakeSettings, app: Flask, tmp_path: Path) -> Run:
    """Run `fcv` on the service's database, beside a folder of models of the test's own."""
    assert app
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)

    def run(*arguments: object) -> Result:
        make_settings(MODELS_DIR=str(tmp_path / "models"))
        return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)

    return run


@pytest.fixture
def refit(run: Run, tmp_path: Path) -> Artifact:  # noqa: ARG001 - the folder of models must be there
    """Refit the shipped model on made-up patients of whom it says too much, and save it as a version."""
    gathered = bold(made_up(tmp_path / "early", events=60, well=60))
    split = split_in_time(gathered)
    child = save_refit(
        Artifact.load(SHIPPED_IN / SHIPPED), fit_refit(gathered, split, "slope"), "2.0.0-here", (gathered, split)
    )
    child.save(tmp_path / "models" / REFITTED)
    return child


def bold(gathered: Gathered) -> Gathered:
    odds = gathered.probabilities * np.where(np.arange(4) == NONE, 1, 5)
    return replace(gathered, probabilities=odds / odds.sum(axis=1, keepdims=True))


def test_its_parents_report_earns_it_nothing_and_its_own_does(run: Run, refit: Artifact, tmp_path: Path) -> None:
    files = tmp_path / "export.csv", tmp_path / "labels.csv"
    for file in files:
        file.write_text(file.name)

    def attest(of: Artifact) -> Result:
        (tmp_path / "report.json").write_bytes(orjson.dumps(whole_report(of, *files)))
        given = ("--report", tmp_path / "report.json", "--data", files[0], "--outcomes", files[1])
        return run("model", "attest", REFITTED, *given, "--signed-by", "Dr. Eva Ruiz")

    refused = attest(Artifact.load(SHIPPED_IN / SHIPPED))
    assert (refused.exit_code, f"not of {REFITTED}" in refused.output) == (1, True)
    assert attest(refit).exit_code == 0
    assert Artifact.load(tmp_path / "models" / REFITTED).manifest.evidence.value == "retrospective"


def test_it_is_activated_answers_and_is_replayed_to_the_last_bit_and_its_parent_is_tried_on_it(
    run: Run, refit: Artifact, make_token: MakeToken, encounter: dict[str, Any], tmp_path: Path
) -> None:
    token = make_token()
    activated = run("model", "activate", REFITTED, "--reason", "refit on our early patients")
    assert f"Activated {REFITTED}" in activated.output
    answer = (
        create_app(Settings.from_environment(dotenv=None)).test_client().post("/predict", json=encounter, headers=token)
    )
    assert answer.headers["FCV-Model"] == REFITTED
    shutil.rmtree(tmp_path / "models" / REFITTED)  # the database has its copy
    assert "1  equal" in run("ledger", "replay", "--all").output
    told = run("ledger", "replay", "--model", SHIPPED).output
    assert f"Candidate {SHIPPED} on 1 recorded windows of 1 stays." in told
    assert f"Answered by {REFITTED} (1)" in told
    assert refit.manifest.refit is not None  # it names its parent
