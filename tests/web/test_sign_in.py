"""Signing in too often, over HTTP."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import pytest
from accounts_over_http import PASSWORD, problem, register, sign_in
from conftest import MakeSettings
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fcv_api import accounts
from fcv_api.app import create_app


@pytest.fixture
def bea(http: FlaskClient) -> FlaskClient:
    """Give a client where Bea has an account."""
    register(http, "bea")
    return http


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record every bcrypt run."""
    made: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        made.append(password)
        return checkpw(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return made


@pytest.fixture
def changes(bea: FlaskClient, tmp_path: Path) -> Iterator[sqlite3.Cursor]:
    """Give a cursor of another connection. SQLite's data_version changes for it whenever anybody writes."""
    assert bea
    connection = sqlite3.connect(tmp_path / "fcv.db")
    yield connection.cursor()
    connection.close()


def version(cursor: sqlite3.Cursor) -> int:
    number: int = cursor.execute("PRAGMA data_version").fetchone()[0]
    return number


def guess(http: FlaskClient, count: int, username: str = "bea") -> list[TestResponse]:
    return [sign_in(http, username, f"wrong password {number}") for number in range(count)]


def test_the_eleventh_guess_is_429_with_retry_after_and_costs_no_bcrypt(bea: FlaskClient, runs: list[bytes]) -> None:
    *failed, refused = guess(bea, 11)
    assert {response.status_code for response in failed} == {401}
    body = problem(refused, 429, "too-many-attempts")
    assert (refused.headers["Retry-After"], len(runs)) == ("30", 10)
    assert body["detail"] == "Too many wrong passwords came from this address. Try again in 30 s."


def test_the_right_password_waits_as_well_and_only_there(bea: FlaskClient) -> None:
    guess(bea, 10)
    problem(sign_in(bea, "bea", PASSWORD), 429, "too-many-attempts")
    elsewhere = {"REMOTE_ADDR": "10.9.9.9"}
    credentials = {"username": "bea", "password": PASSWORD}
    assert bea.post("/auth/token", json=credentials, environ_overrides=elsewhere).status_code == 200


def test_other_spellings_of_a_name_are_no_further_guesses(bea: FlaskClient) -> None:
    guess(bea, 5)
    for number in range(5, 10):
        assert sign_in(bea, "\uff42ea", f"wrong password {number}").status_code == 401
    problem(sign_in(bea, "bea", PASSWORD), 429, "too-many-attempts")


def test_a_name_of_nobodys_waits_as_any_other(bea: FlaskClient) -> None:
    def seen(response: TestResponse) -> tuple[object, ...]:
        body = {name: each for name, each in response.get_json(force=True).items() if name != "request_id"}
        return response.status_code, body, sorted(each for each in response.headers if each[0] != "X-Request-ID")

    assert [seen(each) for each in guess(bea, 12)] == [seen(each) for each in guess(bea, 12, "nobody")]


def test_a_token_goes_on_while_its_account_waits(bea: FlaskClient) -> None:
    token = sign_in(bea, "bea", PASSWORD).get_json()["access_token"]
    guess(bea, 11)
    assert bea.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_forgotten_script_with_an_old_password_shuts_nobody_out(bea: FlaskClient, runs: list[bytes]) -> None:
    assert {sign_in(bea, "bea", "the old password").status_code for _ in range(50)} == {401}
    assert len(runs) == 1
    assert sign_in(bea, "bea", PASSWORD).status_code == 200


def test_a_password_that_was_wrong_is_right_as_soon_as_it_is_the_accounts(bea: FlaskClient) -> None:
    assert sign_in(bea, "bea", "another password").status_code == 401
    accounts.set_password("bea", "another password", min_length=8)
    assert sign_in(bea, "bea", "another password").status_code == 200
    accounts.set_active("bea", active=False)
    assert sign_in(bea, "bea", "another password").status_code == 401
    accounts.set_active("bea", active=True)
    assert sign_in(bea, "bea", "another password").status_code == 200


def test_a_name_that_becomes_an_account_may_sign_in(bea: FlaskClient) -> None:
    assert sign_in(bea, "cleo", PASSWORD).status_code == 401
    register(bea, "cleo")
    assert sign_in(bea, "cleo", PASSWORD).status_code == 200


def test_only_what_is_wrong_for_the_first_time_writes(bea: FlaskClient, changes: sqlite3.Cursor) -> None:
    guess(bea, 10)
    register(bea, "cleo")
    first = version(changes)
    sign_in(bea, "cleo", "wrong")
    then = version(changes)
    assert then != first
    assert [each.status_code for each in guess(bea, 30)] == [429] * 30
    assert [sign_in(bea, "cleo", password).status_code for password in (PASSWORD, "wrong")] == [200, 401]
    assert version(changes) == then


def test_two_processes_count_together(bea: FlaskClient, make_settings: MakeSettings) -> None:
    other = create_app(make_settings()).test_client()
    for number in range(10):
        sign_in((bea, other)[number % 2], "bea", f"wrong password {number}")
    problem(sign_in(other, "bea", PASSWORD), 429, "too-many-attempts")
    problem(sign_in(bea, "bea", PASSWORD), 429, "too-many-attempts")


def test_forty_clients_of_one_address_sign_in_at_one_moment(bea: FlaskClient, app: Flask) -> None:
    sign_in(bea, "bea", "the old password")
    with ThreadPoolExecutor(40) as threads:
        passwords = [PASSWORD, "the old password"] * 20
        answers = list(threads.map(lambda each: sign_in(app.test_client(), "bea", each).status_code, passwords))
    assert answers == [200, 401] * 20


def test_of_many_guesses_at_one_moment_those_in_line_when_a_wait_begins_cost_no_bcrypt(
    bea: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[bytes] = []

    def slow(password: bytes, _hashed: bytes) -> bool:
        runs.append(password)
        time.sleep(0.05)
        return False

    monkeypatch.setattr(bcrypt, "checkpw", slow)
    assert bea
    with ThreadPoolExecutor(30) as threads:
        guesses = [f"wrong password {number}" for number in range(30)]
        statuses = list(threads.map(lambda each: sign_in(app.test_client(), "bea", each).status_code, guesses))
    assert set(statuses) == {401, 429}
    assert 10 <= len(runs) <= 15  # the eleventh may begin while the tenth is being counted


@pytest.mark.parametrize(("proxies", "address"), [("1", "10.1.1.1"), ("0", None)])
def test_the_address_is_the_proxys_word_only_where_one_is_trusted(
    bea: FlaskClient, make_settings: MakeSettings, proxies: str, address: str | None
) -> None:
    assert bea
    behind = create_app(make_settings(PROXIES=proxies)).test_client()

    def tried(number: int) -> int:
        forged = {"X-Forwarded-For": f"10.1.1.{number}"}
        credentials = {"username": "bea", "password": f"wrong {number}"}
        return behind.post("/auth/token", json=credentials, headers=forged).status_code

    assert (429 in {tried(number) for number in range(12)}) == (address is None)
