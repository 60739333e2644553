"""`fcv users token`, `tokens` and `revoke`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import accounts
from fcv_api.accounts import Role, issued_tokens
from fcv_api.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run `fcv` beside a service, where Ana has an account."""
    assert app
    accounts.create_user("ana", "correct horse battery", role=Role.CLIENT, min_length=8)
    return lambda *arguments: CliRunner().invoke(main, ["users", *arguments], catch_exceptions=False)


def made(run: Run, days: int = 90) -> tuple[dict[str, str], str]:
    """Make a token, and give the header that carries it, and its id."""
    token = run("token", "ana", "--days", str(days)).stdout.strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    return {"Authorization": f"Bearer {token}"}, claims["jti"]


def works(http: FlaskClient, token: dict[str, str]) -> bool:
    return http.get("/", headers=token).status_code == 200


def test_a_token_for_a_machine_works_and_is_printed_alone(run: Run, http: FlaskClient) -> None:
    result = run("token", "ana", "--days", "90")
    claims = jwt.decode(result.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 90 * 24 * 3600
    assert claims["jti"] in result.stderr
    assert works(http, {"Authorization": f"Bearer {result.stdout.strip()}"})


def test_one_is_revoked_and_the_other_lives_on(run: Run, http: FlaskClient) -> None:
    (first, jti), (second, _) = made(run), made(run)
    assert run("revoke", "ana", jti).output == f"Ended {jti} of ana.\n"
    assert (works(http, first), works(http, second)) == (False, True)


@pytest.mark.parametrize(
    "end", [("disable", "ana"), ("passwd", "ana", "--password-file", "-")], ids=lambda each: each[0]
)
def test_all_end_with_the_account_and_do_not_come_back(run: Run, http: FlaskClient, end: tuple[str, ...]) -> None:
    token, jti = made(run)
    CliRunner().invoke(main, ["users", *end], input="another password\n", catch_exceptions=False)
    run("enable", "ana")
    assert not works(http, token)
    assert f"{jti}  ended" in run("tokens").output


def test_a_revoked_token_stays_dead_for_as_long_as_it_would_have_lived(run: Run, http: FlaskClient) -> None:
    token, jti = made(run)
    run("revoke", "ana", jti)
    for name in ("first", "second"):
        issued_tokens.revoke(name, datetime.now(UTC) + timedelta(minutes=20))
    assert not works(http, token)


def test_a_machine_may_end_its_own_token(run: Run, http: FlaskClient) -> None:
    token, jti = made(run)
    assert http.post("/auth/logout", headers=token).status_code == 204
    assert not works(http, token)
    assert f"{jti}  ended" in run("tokens", "ana").output


def test_tokens_are_listed_with_their_state_and_owner(run: Run) -> None:
    accounts.create_user("bea", "correct horse battery", role=Role.CLIENT, min_length=8)
    _, jti = made(run, days=1)
    today, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    assert run("tokens").output == f"{jti}  good     {today:%Y-%m-%d} to {tomorrow:%Y-%m-%d}  ana\n"
    assert run("tokens", "ana").output == run("tokens").output
    assert run("tokens", "bea").output == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("token", "nobody", "--days", "1"), "There is no user 'nobody'"),
        (("token", "gone", "--days", "1"), "gone is disabled"),
        (("token", "ana", "--days", "0"), "0 is not in the range"),
        (("token", "ana"), "Missing option '--days'"),
        (("tokens", "nobody"), "There is no user 'nobody'"),
        (("revoke", "ana", "no-such"), "ana has no token no-such"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(run: Run, arguments: tuple[str, ...], reason: str) -> None:
    accounts.create_user("gone", "correct horse battery", role=Role.CLIENT, min_length=8)
    accounts.set_active("gone", active=False)
    result = run(*arguments)
    assert result.exit_code != 0
    assert reason in result.stderr


def test_nobody_ends_anothers_token(run: Run, http: FlaskClient) -> None:
    accounts.create_user("bea", "correct horse battery", role=Role.CLIENT, min_length=8)
    token, jti = made(run)
    assert run("revoke", "bea", jti).exit_code == 1
    assert works(http, token)
