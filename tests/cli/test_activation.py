"""`fcv model activate`, `rollback`, `history`, `verify` and `remove`."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import FIXTURES, MakeSettings
from malformed import malformed

from fcv_api import activations
from fcv_api.activations import PINNED, Worker
from fcv_api.app import DatabaseActivations, database_app
from fcv_api.cli import activation, main
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry
from fcv_api.lstm.swap import Serving
from fcv_api.settings import ROOT

Run = Callable[..., Result]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Give a folder with two more versions of the shipped model."""
    shipped = ROOT / "models" / "fcv-sim" / "2.0.0"
    for version in ("2.0.0", "1.2.0", "1.3.0"):
        folder = tmp_path / "models" / "fcv-sim" / version
        shutil.copytree(shipped, folder)
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"version": "2.0.0"', f'"version": "{version}"'))
    return tmp_path / "models"


@pytest.fixture
def run(make_settings: MakeSettings, models: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `fcv` on a migrated database. What is not ready at once is not waited for."""
    monkeypatch.setattr(activation, "SECONDS_TO_WAIT", 0.3)

    def run(*arguments: str, **settings: str) -> Result:
        make_settings(MODELS_DIR=str(models), **settings)
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    assert run("db", "upgrade").exit_code == 0
    return run


def activate(run: Run, version: str) -> Result:
    return run("model", "activate", version, "--reason", f"try {version}", "--by", "eva")


def report(make_settings: MakeSettings, worker: Worker) -> None:
    with database_app(make_settings()).app_context():
        activations.report(worker)


def test_an_activation_is_told_and_listed_with_who_and_why(run: Run) -> None:
    result = activate(run, "fcv-sim/1.2.0")
    assert "Activated fcv-sim/1.2.0 (activation 1)." in result.stdout
    listed = run("model", "list").stdout
    assert "* fcv-sim/1.2.0" in listed
    assert "by eva: try fcv-sim/1.2.0" in listed
    assert "eva: try fcv-sim/1.2.0" in run("model", "history").stdout


def test_a_version_alone_is_one_of_the_active_model(run: Run) -> None:
    assert "Activated fcv-sim/1.3.0" in activate(run, "1.3.0").stdout


def test_a_rollback_puts_back_what_was_there_before(run: Run, models: Path) -> None:
    activate(run, "1.2.0")
    activate(run, "1.3.0")
    shutil.rmtree(models / "fcv-sim" / "1.2.0")  # the database has its copy
    assert "Activated fcv-sim/1.2.0" in run("model", "rollback").stdout


def test_a_rollback_of_the_first_activation_puts_the_shipped_model_back(run: Run) -> None:
    activate(run, "1.2.0")
    assert "Activated fcv-sim/2.0.0" in run("model", "rollback").stdout


def test_there_is_nothing_to_roll_back_before_the_first_activation(run: Run) -> None:
    assert "nothing to go back to" in run("model", "rollback").stderr


@pytest.mark.parametrize("command", [("activate", "1.2.0", "--reason", "x"), ("rollback",)])
def test_a_pinned_model_is_neither_replaced_nor_rolled_back(run: Run, command: tuple[str, ...]) -> None:
    result = run("model", *command, MODEL="fcv-sim/2.0.0")
    assert (result.exit_code, "pinned by FCV_MODEL=fcv-sim/2.0.0" in result.stderr) == (1, True)


def test_a_model_that_is_not_there_is_not_activated(run: Run) -> None:
    assert "No such file" in activate(run, "9.9.9").stderr
    assert run("model", "history").stdout == ""


def test_a_damaged_model_is_not_activated(run: Run, models: Path) -> None:
    (models / "fcv-sim" / "1.2.0" / "model.tflite").write_bytes(b"damaged")
    assert "sha256 is not the manifest's" in activate(run, "1.2.0").stderr
    assert run("model", "history").stdout == ""


def test_a_model_whose_golden_windows_do_not_come_out_is_not_activated(run: Run, models: Path) -> None:
    manifest = models / "fcv-sim" / "1.2.0" / "manifest.json"
    described = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(described | {"scaling": {"kind": "window"}}))
    assert "golden window 0" in activate(run, "1.2.0").stderr
    assert run("model", "history").stdout == ""


def test_a_model_of_a_sampling_that_nobody_knows_here_is_neither_verified_nor_activated(run: Run, models: Path) -> None:
    manifest = models / "fcv-sim" / "1.2.0" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"sampling": "median"}))
    for command in (("verify", "fcv-sim/1.2.0"), ("activate", "1.2.0", "--reason", "x")):
        assert "sampling 'median' is neither last nor mean" in run("model", *command).stderr
    assert run("model", "history").stdout == ""


def test_a_malformed_flatbuffer_does_not_end_the_command(run: Run, models: Path) -> None:
    malformed().save(models / "fcv-untrained" / "6.6.6")
    for command in (("activate", "fcv-untrained/6.6.6", "--reason", "x"), ("verify", "fcv-untrained/6.6.6")):
        result = run("model", *command)
        assert (result.exit_code, "ended the process that loaded it (signal 11" in result.stderr) == (1, True)
    assert run("model", "history").stdout == ""


def test_a_model_whose_outputs_are_no_probabilities_is_neither_activated_nor_verified(run: Run, models: Path) -> None:
    shutil.copytree(FIXTURES / "field_models" / "sigmoid", models / "sigmoid")
    for command in (("activate", "sigmoid/1.0.0", "--reason", "x"), ("verify", "sigmoid/1.0.0")):
        result = run("model", *command)
        assert (result.exit_code, "no probabilities (they sum to" in result.stderr) == (1, True)
    assert run("model", "history").stdout == ""


def test_production_does_not_activate_a_model_without_real_patients(run: Run) -> None:
    ward = {"ENV": "production", "TIMEZONE": "America/Bogota"}
    refused = run("model", "activate", "1.2.0", "--reason", "x", **ward)
    assert (
        "never validated on real patients (evidence: unvalidated, trained on: simulated), and production refuses it"
        in refused.stderr
    )
    allowed = run("model", "activate", "1.2.0", "--reason", "x", **ward, ALLOW_UNVALIDATED_MODEL="1")
    assert "Activated fcv-sim/1.2.0" in allowed.stdout


def test_production_does_not_activate_a_model_whose_evidence_is_only_claimed(run: Run, models: Path) -> None:
    manifest = models / "fcv-sim" / "1.2.0" / "manifest.json"
    old = {name: each for name, each in json.loads(manifest.read_text()).items() if name != "trained_on"}
    manifest.write_text(json.dumps(old | {"evidence": "retrospective"}))
    refused = run("model", "activate", "1.2.0", "--reason", "x", ENV="production", TIMEZONE="America/Bogota").stderr
    assert "(evidence: stated, which no report proves, trained on: unstated), and production refuses it" in refused
    assert "Earn its evidence with `fcv model attest`" in refused
    assert "stated (unstated)" in run("model", "list").stdout


def test_workers_that_go_on_serving_another_model_are_listed(run: Run, make_settings: MakeSettings) -> None:
    report(make_settings, Worker("far", 7, "fcv-sim", "2.0.0", "a" * 64, 0, ""))
    result = activate(run, "1.2.0")
    assert result.exit_code == 1
    assert "These workers go on serving another model:\n  far:7 fcv-sim/2.0.0" in result.stderr


@pytest.mark.parametrize("command", [("activate", "1.3.0", "--reason", "x"), ("rollback",)])
def test_an_instance_that_is_pinned_is_named_and_is_no_failure(
    run: Run, make_settings: MakeSettings, command: tuple[str, ...]
) -> None:
    activate(run, "1.2.0")
    report(make_settings, Worker("far", 7, "fcv-sim", "2.0.0", "a" * 64, 0, PINNED))
    result = run("model", *command)
    assert result.exit_code == 0
    assert "far:7 goes on with fcv-sim/2.0.0: it is pinned by FCV_MODEL." in result.stderr
    assert "0 workers serve it." in result.stdout


@pytest.mark.parametrize(("pinned", "problem"), [({"MODEL": SHIPPED}, PINNED), ({}, "")])
def test_a_process_whose_settings_name_its_model_reports_that_it_is_pinned(
    run: Run, make_settings: MakeSettings, pinned: dict[str, str], problem: str
) -> None:
    assert run("model", "history").exit_code == 0
    settings = make_settings(**pinned)
    app = database_app(settings)
    shipped = Registry(SHIPPED_IN).load(SHIPPED, settings.log_dir)
    DatabaseActivations(app, settings, "near").report(Serving("near", 7, shipped, 0))
    with app.app_context():
        assert [(each.host, each.pid, each.problem) for each in activations.workers()] == [("near", 7, problem)]


def test_a_worker_of_this_host_that_has_ended_is_not_waited_for(run: Run, make_settings: MakeSettings) -> None:
    report(make_settings, Worker(socket.gethostname(), 4_000_000, "fcv-sim", "2.0.0", "a" * 64, 0, ""))
    assert activate(run, "1.2.0").exit_code == 0


def test_verify_runs_the_golden_windows_of_the_active_model(run: Run, models: Path) -> None:
    activate(run, "1.2.0")
    assert "fcv-sim/1.2.0: all 4 golden windows come out." in run("model", "verify").stdout
    (models / "fcv-sim" / "1.3.0" / "model.tflite").write_bytes(b"damaged")
    assert "sha256" in run("model", "verify", "fcv-sim/1.3.0").stderr


def test_the_active_model_is_never_removed(run: Run, models: Path) -> None:
    activate(run, "1.2.0")
    assert "is not removed" in run("model", "remove", "fcv-sim/1.2.0").stderr
    assert "Removed" in run("model", "remove", "fcv-sim/1.3.0").stdout
    assert sorted(path.name for path in (models / "fcv-sim").iterdir()) == ["1.2.0", "2.0.0"]


def test_show_tells_when_a_model_was_active(run: Run) -> None:
    activate(run, "1.2.0")
    shown = run("model", "show").stdout
    assert "model:      fcv-sim/1.2.0" in shown
    assert "by eva: try 1.2.0" in shown


def test_a_card_to_fill_in_has_all_its_headings(run: Run) -> None:
    card = run("model", "card").stdout
    assert all(f"## {each}" in card for each in ("Intended use", "Data", "Performance", "Limits", "Version history"))
