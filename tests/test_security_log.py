"""The security log: who came in, who was turned away, and what was changed."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from conftest import MakeSettings
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import accounts, security_log
from fcv_api.accounts import Role
from fcv_api.app import create_app
from fcv_api.cli import main
from fcv_api.settings import Settings

PASSWORD = "correct horse battery"
MakeToken = Callable[..., dict[str, str]]


@pytest.fixture
def events(settings: Settings) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Open the security log, and give what reads it."""
    with security_log.opened(settings.log_dir, settings.timezone):
        yield lambda: read(settings)


Events = Callable[[], list[dict[str, Any]]]


def read(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (settings.log_dir / "security.log").read_text("utf-8").splitlines()]


def sign_in(http: FlaskClient, username: str = "ana", password: str = PASSWORD) -> int:
    credentials = {"username": username, "password": password}
    return http.post("/auth/token", json=credentials, headers={"X-Request-ID": "ward-3"}).status_code


@pytest.mark.usefixtures("token")
def test_a_sign_in_is_told_with_account_address_and_request(http: FlaskClient, events: Events) -> None:
    sign_in(http)
    (told,) = events()
    moment = datetime.fromisoformat(told.pop("at"))
    assert moment.utcoffset() == timedelta(hours=-5)
    assert abs(moment.timestamp() - datetime.now().timestamp()) < 10  # noqa: DTZ005 - seconds since 1970
    assert told == {
        "event": "sign-in",
        "request_id": "ward-3",
        "address": "127.0.0.1",
        "route": "/auth/token",
        "user": 1,
    }


@pytest.mark.usefixtures("token")
def test_a_refused_sign_in_says_why_and_not_who_was_named(http: FlaskClient, events: Events) -> None:
    accounts.create_user("gone", PASSWORD, role=Role.CLIENT, min_length=8)
    accounts.set_active("gone", active=False)
    for username in ("ana", "nobody", "gone"):
        sign_in(http, username, "wrong horse")
    told = [(each["event"], each["reason"], each["user"]) for each in events()]
    assert told == [
        ("sign-in-refused", "wrong-password", 1),
        ("sign-in-refused", "unknown-name", None),
        ("sign-in-refused", "disabled", 2),
    ]
    assert len({each["tried"] for each in events()}) == 3


@pytest.mark.usefixtures("token")
def test_a_sign_in_that_must_wait_is_told(http: FlaskClient, events: Events) -> None:
    for number in range(11):
        sign_in(http, "ana", f"wrong {number}")
    assert [each["reason"] for each in events()] == ["wrong-password"] * 10 + ["throttled"]
    assert len({each["tried"] for each in events()}) == 1


def test_a_refused_token_says_what_is_wrong_with_it(http: FlaskClient, token: dict[str, str], events: Events) -> None:
    claims = jwt.decode(token["Authorization"][7:], options={"verify_signature": False})
    header = jwt.get_unverified_header(token["Authorization"][7:])

    def signed(**changes: object) -> str:
        changed = {name: each for name, each in (claims | changes).items() if each is not None}
        return jwt.encode(changed, "0123456789abcdef" * 4, headers={"kid": header["kid"]})

    bearers = ["x", signed(exp=claims["exp"] - 5000), signed(gen=7), signed(jti=None, gen=None)]
    for bearer in bearers:
        http.get("/", headers={"Authorization": f"Bearer {bearer}"})
    http.get("/")
    told = [(each["event"], each["reason"], each["user"]) for each in events()]
    assert told == [
        ("token-refused", reason, user)
        for reason, user in (
            *(("invalid", None), ("expired", 1), ("ended", 1), ("incomplete", 1)),
            ("missing", None),
        )
    ]


def test_what_a_role_may_not_do_is_told(http: FlaskClient, make_token: MakeToken, events: Events) -> None:
    http.post("/predict", json={}, headers=make_token("rita", Role.READER))
    (told,) = events()
    assert (told["event"], told["reason"], told["route"], told["user"]) == ("forbidden", "reader", "/predict", 1)


def test_accounts_made_and_tokens_ended_are_told(http: FlaskClient, token: dict[str, str], events: Events) -> None:
    http.post("/auth/create_user", json={"username": "bea", "password": PASSWORD})
    http.post("/auth/logout", headers=token)
    made, ended = events()
    assert (made["event"], made["made"], made["role"], made["user"]) == ("account-made", 2, "client", None)
    assert (ended["event"], ended["user"], len(ended["token"])) == ("sign-out", 1, 36)


@pytest.mark.parametrize("settings", [{"REGISTRATION": "closed"}], indirect=True, ids=["closed"])
def test_who_asks_for_an_account_where_there_are_none_is_told(http: FlaskClient, events: Events) -> None:
    http.post("/auth/create_user", json={"username": "bea", "password": PASSWORD})
    assert [(each["event"], each["reason"]) for each in events()] == [("forbidden", "registration-closed")]


@pytest.mark.usefixtures("app")
def test_what_commands_change_is_told_with_the_shells_user(settings: Settings) -> None:
    def run(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments, input=f"{PASSWORD}\n", catch_exceptions=False).stdout

    run("users", "add", "eva", "--role", "admin", "--password-file", "-")
    token = run("users", "token", "eva", "--days", "2").strip()
    jti = jwt.decode(token, options={"verify_signature": False})["jti"]
    run("users", "revoke", "eva", jti)
    run("users", "passwd", "eva", "--password-file", "-")
    run("users", "disable", "eva")
    run("users", "enable", "eva")
    run("model", "activate", "fcv-sim/2.0.0", "--reason", "try")
    told = read(settings)
    assert [each["event"] for each in told] == [
        *("account-made", "machine-token-made", "machine-token-ended"),
        *("password-changed", "account-disabled", "account-enabled", "model-activated"),
    ]
    assert {each["uid"] for each in told} == {os.getuid()}
    assert [each.get("user") for each in told] == [1] * 6 + [None]
    assert (told[1]["token"], told[2]["token"], told[-1]["model"]) == (jti, jti, "fcv-sim/2.0.0")


@pytest.mark.usefixtures("app")
def test_a_command_whose_event_cannot_be_written_says_so_and_is_done(settings: Settings) -> None:
    (settings.log_dir).write_text("in the way")
    result = CliRunner().invoke(main, ["users", "add", "eva", "--password-file", "-"], input=PASSWORD)
    assert (result.exit_code, [each.username for each in accounts.list_users()]) == (0, ["eva"])
    assert "This is not in it: account-made" in result.stderr


def test_nothing_that_a_client_sends_breaks_a_line(app: Flask, make_settings: MakeSettings, events: Events) -> None:
    assert app
    behind = create_app(make_settings(PROXIES="1")).test_client()
    forged = {"X-Forwarded-For": "x}\u00e9\u0085{" + "9" * 5000, "X-Request-ID": "a b"}
    credentials = {"username": 'x\n{"event": "sign-in"}\u2028', "password": "\r\n"}
    behind.post("/auth/token", json=credentials, headers=forged)
    behind.get('/predictions/x"\n', headers={"Authorization": "Bearer x\u00ff"})
    told = events()
    assert [each["event"] for each in told] == ["sign-in-refused", "token-refused"]
    assert (len(told[0]["address"]), told[1]["route"]) == (200, "/predictions/<record_id>")


def test_the_file_is_for_its_owner_and_its_group_and_rotates_by_rename(settings: Settings, events: Events) -> None:
    file = settings.log_dir / "security.log"
    assert file.stat().st_mode & 0o777 == 0o640
    security_log.write("first")
    file.rename(file.with_suffix(".1"))
    security_log.write("second")
    assert [each["event"] for each in events()] == ["second"]
    assert "first" in file.with_suffix(".1").read_text("utf-8")


@pytest.mark.usefixtures("token")
def test_a_log_that_cannot_be_written_keeps_no_answer_back(
    http: FlaskClient, settings: Settings, events: Events, capsys: pytest.CaptureFixture[str]
) -> None:
    assert events() == []
    (settings.log_dir / "security.log").unlink()
    settings.log_dir.rename(settings.log_dir.with_name("elsewhere"))
    assert sign_in(http) == 200
    assert PASSWORD not in capsys.readouterr().err


@pytest.mark.parametrize(("policy", "warned"), [("open", True), ("admin", False)])
def test_the_policy_is_told_at_the_start_and_warned_of_when_open_in_production(
    make_settings: MakeSettings, root: Path, policy: str, *, warned: bool
) -> None:
    settings = make_settings(ENV="production", ALLOW_UNVALIDATED_MODEL="1", REGISTRATION=policy)
    CliRunner().invoke(main, ["db", "upgrade"], catch_exceptions=False)
    subprocess.run([sys.executable, "-c", "import wsgi"], cwd=root, check=True, capture_output=True, timeout=60)
    (told,) = read(settings)
    assert (told["event"], told["registration"], told["env"]) == ("start", policy, "production")
    log = (settings.log_dir / "app.log").read_text("utf-8")
    assert ("WARNING , FCV_REGISTRATION=open in production" in log) == warned


def test_events_never_go_into_the_other_log(log_file: Path, events: Events) -> None:
    security_log.write("only here")
    assert "only here" not in log_file.read_text("utf-8")
    assert [each["event"] for each in events()] == ["only here"]
    assert logging.getLogger("fcv_api.security").propagate is False
