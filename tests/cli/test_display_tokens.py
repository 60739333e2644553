"""`fcv users display`."""

from __future__ import annotations

import json
from collections.abc import Callable

import jwt
import pytest
from browser import Browser, browser_of
from click.testing import CliRunner, Result
from flask import Flask

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.cli import main
from fcv_api.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run `fcv users` beside a service."""
    assert app
    return lambda *arguments: CliRunner().invoke(main, ["users", *arguments])


def on_the_wall(app: Flask, token: str) -> Browser:
    """Give the browser of a display that got its token."""
    wall = browser_of(app)
    assert wall.sign_in("/sign-in?display=1", token=token).status_code == 303
    return wall


def test_a_display_gets_a_token_of_90_days_which_is_printed_alone(run: Run) -> None:
    result = run("display", "uci-1")
    claims = jwt.decode(result.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 90 * 24 * 3600
    assert "/sign-in?display" in result.stderr
    assert claims["jti"] in result.stderr


def test_a_display_sees_the_ward_and_its_token_is_listed_and_ended(app: Flask, run: Run) -> None:
    wall = on_the_wall(app, run("display", "uci-1").stdout)
    assert "Display uci-1" in wall.get("/ward").text
    jti, state, *_ = run("tokens", "uci-1").stdout.split()
    assert state == "good"
    run("revoke", "uci-1", jti)
    assert (wall.get("/ward").status_code, wall.cookie("fcv_display")) == (303, None)


def test_another_token_of_a_display_needs_no_other_account(run: Run) -> None:
    run("display", "uci-1")
    run("display", "uci-1", "--days", "1")
    assert len(run("tokens", "uci-1").stdout.splitlines()) == 2
    assert [account.role for account in accounts.list_users()] == [Role.DISPLAY]


def test_a_display_has_no_password_and_no_person_s_name(app: Flask, run: Run) -> None:
    accounts.create_user("ana", "correct horse battery", role=Role.CLIENT, min_length=8)
    assert "of the role client" in run("display", "ana").output
    run("display", "uci-1")
    assert browser_of(app).sign_in(username="uci-1", password="-").status_code == 401
    assert "display" not in run("add", "--help").output.partition("Commands")[0].split("--role")[1].split("]")[0]


def test_the_security_log_names_a_display_by_its_number(run: Run, settings: Settings) -> None:
    token = run("display", "uci-1").stdout.strip()
    text = (settings.log_dir / "security.log").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events] == ["account-made", "machine-token-made"]
    assert not any(secret in text for secret in (token, "uci-1"))


def test_a_role_is_changed_and_tokens_die_with_the_old_one(app: Flask, run: Run) -> None:
    wall = on_the_wall(app, run("display", "uci-1").stdout)
    assert run("role", "uci-1", "reader").output == "uci-1 is a reader now. Its tokens are dead.\n"
    assert wall.get("/ward").status_code == 303
    assert [account.role for account in accounts.list_users()] == [Role.READER]
    assert "There is no user" in run("role", "nobody", "reader").output
