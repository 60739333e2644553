"""`fcv --version` and the help of every command: at once, and with no extra installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from fcv_api.accounts import Role
from fcv_api.accounts.displays import DAYS
from fcv_api.cli.commands import choices
from fcv_api.cli.commands.kinds import ExtraCommand
from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.samples import Sampling
from fcv_api.lstm.network import ACTIVATIONS, LAYERS, Recipe
from fcv_api.training.reference import Budget
from fcv_api.validation.refit import KINDS
from fcv_api.validation.spanish import LANGUAGES
from fcv_api.validation.split import EARLY_SHARE
from fcv_api.wire.answer import INFERENCE_KEYS
from fcv_api.wire.cells import LARGEST_ID
from fcv_api.wire.file_form import DATES, ENCODINGS
from fcv_api.wire.observation_cells import LONGEST_BED, LONGEST_CHANNEL
from fcv_api.wire.partition import ROWS_A_PART
from fcv_api.wire.validation_report import ORIGINS

ASK_FOR_EVERY_HELP = """
import contextlib, io, json, sys

class Blocked:
    # What is not click, not ours and not Python's own is as good as not installed.
    def find_spec(self, name, path=None, target=None):
        own = name.partition(".")[0]
        if own not in {"click", "fcv_api", "__main__"} | sys.stdlib_module_names and "." not in name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, Blocked())
import click
from fcv_api.cli import main

def paths(group, before=()):
    yield before
    for name, command in group.commands.items():
        yield from paths(command, (*before, name)) if isinstance(command, click.Group) else [(*before, name)]

def said(*arguments):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            main([*arguments], prog_name="fcv")
        except SystemExit as end:
            return end.code, out.getvalue()

found = {" ".join(path): said(*path, "--help") for path in paths(main)}
found["--version"] = said("--version")
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"__main__"}
print(json.dumps({"helps": found, "foreign": sorted(name for name in foreign if not name.startswith("_"))}))
"""


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    """Return what every help says, and what was loaded for all of them, in one process without any library."""
    command = [sys.executable, "-c", ASK_FOR_EVERY_HELP]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env={"FCV_WORKERS": "many"}, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_help_and_the_version_come_without_a_library_and_with_wrong_settings(asked: dict[str, Any]) -> None:
    assert {name: code for name, (code, _) in asked["helps"].items() if code} == {}
    assert len(asked["helps"]) > 60
    short = {name for name, (_, text) in asked["helps"].items() if len(text.splitlines()) < 5}
    assert short == {"--version"}


def test_no_help_loads_more_than_click(asked: dict[str, Any]) -> None:
    """NumPy, Flask, SQLAlchemy, TensorFlow, DuckDB, ... take seconds; who asks for help waits for none of them."""
    assert set(asked["foreign"]) <= {"click", "fcv_api", "sitecustomize", "usercustomize"}


def test_a_missing_extra_is_one_sentence_that_says_how_to_install_it() -> None:
    @click.command(cls=ExtraCommand, extra="score")
    def box() -> None:
        raise ModuleNotFoundError(name="pandoras.box")

    done = CliRunner().invoke(box)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: pandoras.box is not installed. Install it with: ")
    assert done.stderr.endswith("-m pip install -c constraints.txt -e '.[score]'\n")


def test_a_missing_module_of_ours_is_not_taken_for_a_missing_extra() -> None:
    @click.command(cls=ExtraCommand)
    def box() -> None:
        raise ModuleNotFoundError(name="fcv_api.pandoras_box")

    with pytest.raises(ModuleNotFoundError):
        CliRunner().invoke(box, catch_exceptions=False)


def test_the_literal_choices_are_those_of_the_modules_that_they_belong_to() -> None:
    recipe = {name: getattr(Recipe(), name) for name in Recipe.__slots__}
    assert recipe == choices.RECIPE
    assert (choices.LAYERS, choices.ACTIVATIONS) == (LAYERS, ACTIVATIONS)
    assert (Budget().patients, Budget().tested) == (choices.LEARNT_FROM, choices.TESTED_ON)
    assert (choices.REFITS, choices.EARLY_SHARE, choices.ORIGINS) == (KINDS, EARLY_SHARE, ORIGINS)
    assert choices.LANGUAGES == LANGUAGES
    assert (choices.ENCODINGS, choices.DATE_ORDERS, choices.ROWS_A_PART) == (ENCODINGS, DATES, ROWS_A_PART)
    assert (*(LARGEST_ID, LONGEST_BED, LONGEST_CHANNEL),) == (
        choices.LARGEST_ID,
        choices.LONGEST_BED,
        choices.LONGEST_CHANNEL,
    )


def test_the_literal_words_are_those_of_the_contract() -> None:
    assert tuple(role.value for role in Role) == choices.ROLES
    assert set(choices.ROLES) - set(choices.ROLES_WITH_PASSWORD) == {Role.DISPLAY.value}
    assert choices.DISPLAY_DAYS == DAYS
    assert tuple(INFERENCE_KEYS.values()) == choices.CLASSES
    assert tuple(each.value for each in Sampling) == choices.SAMPLINGS
    assert tuple(each.value for each in TrainedOn) == choices.TRAINED_ON
