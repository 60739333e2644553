"""The `fcv` command, as whoever has the server's shell uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from conftest import FIXTURES, UNTRAINED, MakeSettings
from dense_rows import MONITORS, body_of
from sqlalchemy.exc import OperationalError

from fcv_api.cli import main
from fcv_api.cli.expected import sentence

Run = Any


@pytest.fixture
def run(make_settings: MakeSettings) -> Run:
    """Run `fcv` on a database of the test's own."""
    make_settings()

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def migrated(run: Run) -> Run:
    """Run `fcv` where `fcv db upgrade` has been run."""
    assert run("db", "upgrade").exit_code == 0
    return run


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in group.commands.items():
        below = (*path, name)
        found += commands(command, below) if isinstance(command, click.Group) else [below]
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_explains_itself(run: Run, path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) >= 6


def test_predict_prints_the_answer_that_the_service_would_give(
    run: Run, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCV_MODELS_DIR", UNTRAINED["MODELS_DIR"])
    result = run("predict", "--model", "fcv-untrained", str(FIXTURES / "encounter_5501.json"))
    answer = json.loads(result.stdout)
    wanted = expected["encounter_5501"]["lstm_relu_keras2"]
    assert list(answer["inferences"].values()) == pytest.approx(wanted, abs=1e-5)
    assert answer["State"] == "Arresto_cardiaco"
    assert answer["warnings"][0]["code"] == "unvalidated_model"


def test_predict_answers_rows_that_are_denser_than_the_models_steps(run: Run, tmp_path: Path) -> None:
    body = body_of(MONITORS["signs over four minutes"].table())
    (tmp_path / "dense.json").write_text(json.dumps(body))
    answer = json.loads(run("predict", str(tmp_path / "dense.json")).stdout)
    assert [each["code"] for each in answer["warnings"]][:2] == ["unvalidated_model", "resampled"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("{}", "nomSigno"),
        ('{"idAtencion": 1, "nomSigno": {}, "valor": {}, "fecRegistro": {}}', "0 distinct instants"),
    ],
)
def test_predict_says_in_a_sentence_what_is_wrong(run: Run, tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "encounter.json").write_text(content)
    result = run("predict", str(tmp_path / "encounter.json"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert reason in result.stderr


def test_predict_names_a_file_that_is_not_there(run: Run) -> None:
    assert run("predict", "nowhere.json").stderr == "Error: nowhere.json: No such file or directory.\n"


def test_accounts_are_made_listed_disabled_and_enabled(migrated: Run) -> None:
    made = migrated("users", "add", "eva", "--role", "admin", stdin="long enough\nlong enough\n")
    assert "Made admin eva (id 1)." in made.output
    assert "Disabled eva" in migrated("users", "disable", "eva").output
    assert "disabled" in migrated("users", "list").output
    assert "Enabled eva" in migrated("users", "enable", "eva").output
    assert "active" in migrated("users", "list").output


def test_a_password_comes_from_a_file_too(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    result = migrated("users", "add", "eva", "--password-file", str(tmp_path / "password"))
    assert "Made client eva" in result.output
    changed = migrated("users", "passwd", "eva", "--password-file", "-", stdin="from standard input\n")
    assert "Changed the password of eva" in changed.output


@pytest.mark.parametrize(
    ("arguments", "stdin", "reason"),
    [
        (("users", "add", "eva"), "short\nshort\n", "password must have at least 8 characters"),
        (("users", "add", "eva"), f"{'é' * 37}\n{'é' * 37}\n", "at most 72 bytes"),
        (("users", "add", " eva"), "long enough\nlong enough\n", "username must not"),
        (("users", "disable", "nobody"), None, "There is no user 'nobody'"),
        (("users", "enable", "nobody"), None, "There is no user 'nobody'"),
        (("users", "passwd", "nobody"), "long enough\nlong enough\n", "There is no user 'nobody'"),
    ],
)
def test_what_cannot_be_done_with_an_account_is_a_sentence(
    migrated: Run, arguments: tuple[str, ...], stdin: str | None, reason: str
) -> None:
    result = migrated(*arguments, stdin=stdin)
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_name_is_taken_once(migrated: Run) -> None:
    migrated("users", "add", "eva", stdin="long enough\nlong enough\n")
    assert "is taken" in migrated("users", "add", "eva", stdin="long enough\nlong enough\n").stderr


def test_a_database_that_was_not_migrated_is_said(run: Run) -> None:
    result = run("users", "list")
    assert result.exit_code == 1
    assert "Has `fcv db upgrade` been run?" in result.stderr


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FCV_WORKERS", "many")
    assert "FCV_WORKERS" in run("users", "list").stderr


def test_models_are_listed_and_shown(run: Run) -> None:
    assert "* fcv-sim/2.0.0" in run("model", "list").output
    shown = run("model", "show").output
    assert "evidence:   unvalidated\ntrained on: simulated" in shown
    assert "simulated patients only" in shown


def test_an_unknown_model_is_a_sentence(run: Run) -> None:
    assert "There is no model 'other'" in run("model", "show", "other").stderr


def test_without_a_terminal_the_option_that_reads_a_password_is_named(migrated: Run) -> None:
    done = migrated("users", "add", "ana", stdin="")
    assert (done.exit_code, "--password-file" in done.output) == (1, True)


def test_without_a_terminal_nothing_is_said_of_the_program_s_inside(migrated: Run) -> None:
    assert migrated("users", "list").exit_code == 0
    done = subprocess.run(
        [sys.executable, "-m", "fcv_api.cli", "users", "add", "ana"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr.strip().splitlines()[-1].startswith("Error: There is no terminal")) == (
        1,
        True,
    )
    assert ("Warning" in done.stderr, ".py" in done.stderr) == (False, False)


ENDLESS = """
import click
from fcv_api.cli.errors import SentenceGroup

@click.group(cls=SentenceGroup)
def main(): pass

@main.command()
def speak():
    for _ in range(100_000): click.echo("a line of a record")

main()
"""


def test_who_reads_no_further_is_no_error() -> None:
    command = ["bash", "-o", "pipefail", "-c", 'exec "$0" -c "$1" speak | head -n 1', sys.executable, ENDLESS]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_database_that_cannot_be_opened_is_not_said_to_lack_its_tables() -> None:
    away = OperationalError("SELECT 1", None, Exception("unable to open database file"))
    assert sentence(away) == "The database: unable to open database file."
