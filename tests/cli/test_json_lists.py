"""`--json` of every command that prints a list or a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner
from migrated import migrate
from recorded import PREDICTION, append

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.app import database_app
from fcv_api.cli import main
from fcv_api.extensions import db
from fcv_api.lstm.registry import SHIPPED
from fcv_api.settings import Settings

LISTS = ("list", "history", "tokens", "status", "stats", "latest", "show", "doctor")
"""What commands are called that print what there is."""
FILES = {"policy show": "prints a file as it is"}


def named(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from named(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


def lists() -> list[str]:
    found = [name for name, _ in named(main) if name.split()[-1] in LISTS]
    return sorted(set(found) - FILES.keys())


@pytest.fixture
def ward(settings: Settings) -> Settings:
    """Return the settings of a database with an account, a record and an activation."""
    migrate(settings)
    with database_app(settings).app_context():
        accounts.create_user("ana", "correct horse battery", role=Role.ADMIN, min_length=8)
        append([PREDICTION], 0.0)
        db.engine.dispose()
    return settings


def printed(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def test_every_list_has_the_option() -> None:
    flags = {name: {each for option in command.params for each in option.opts} for name, command in named(main)}
    assert [name for name in lists() if "--json" not in flags[name]] == []
    assert len(lists()) >= 13


def test_every_list_prints_one_object(ward: Settings) -> None:
    assert ward.env == "development"
    for name in lists():
        assert isinstance(printed(*name.split()), dict), name


def test_a_list_has_what_the_table_has(ward: Settings) -> None:
    assert CliRunner().invoke(main, ["users", "token", "ana", "--days", "3"]).exit_code == 0
    assert (
        CliRunner().invoke(main, ["model", "activate", SHIPPED, "--reason", "as it is", "--by", "eva"]).exit_code == 0
    )
    (user,), (token,) = printed("users", "list")["users"], printed("users", "tokens")["tokens"]
    assert (user["username"], user["role"], user["active"], user["created_at"][-1]) == ("ana", "admin", True, "Z")
    assert (token["username"], token["state"], token["expires_at"][-1]) == ("ana", "good", "Z")
    assert printed("ledger", "stats")["predictions"] == 1
    (model,) = [each for each in printed("model", "list")["models"] if each["active"]]
    assert (model["model"], model["evidence"], model["problem"]) == (SHIPPED, "unvalidated", None)
    (activation,) = printed("model", "history")["activations"]
    assert (activation["model"], activation["by"], activation["reason"]) == (SHIPPED, "eva", "as it is")
    assert printed("model", "show")["activations"] == [activation]
    assert printed("policy", "list")["in_force"] is None
    assert ward.log_dir.exists()
