"""Registration: who may make accounts, and what a name and a password must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from accounts_over_http import PASSWORD, problem, register, sign_in
from flask.testing import FlaskClient

from fcv_api import accounts
from fcv_api.accounts import Role

FORM = "application/x-www-form-urlencoded"
MakeToken = Callable[..., dict[str, str]]


def test_registering_answers_201_with_an_empty_body(http: FlaskClient) -> None:
    response = register(http, "bea")
    assert (response.status_code, response.data) == (201, b"")
    assert "Content-Type" not in response.headers
    assert sign_in(http, "bea", PASSWORD).status_code == 200


def test_a_name_that_is_taken_is_409_and_its_password_stays(http: FlaskClient) -> None:
    register(http, "bea")
    problem(register(http, "bea", "another password"), 409, "username-taken")
    assert sign_in(http, "bea", "another password").status_code == 401
    assert sign_in(http, "bea", PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("bea", "seven77", "password"),
        ("bea", "", "password"),
        ("bea", "x" * 73, "password"),
        ("bea", "ñ" * 37, "password"),
        ("bea", "with\0NUL in it", "password"),
        ("", PASSWORD, "username"),
        ("x" * 151, PASSWORD, "username"),
        ("be\0a", PASSWORD, "username"),
        ("be\na", PASSWORD, "username"),
        (" bea", PASSWORD, "username"),
        ("bea\u202e", PASSWORD, "username"),
        ("bea\u2028", PASSWORD, "username"),
        ("b\u0435a", PASSWORD, "username"),
    ],
    ids=lambda part: ascii(part)[:20],
)
def test_what_cannot_be_used_is_422_and_named(http: FlaskClient, username: str, password: str, field: str) -> None:
    (error,) = problem(register(http, username, password), 422, "unusable-credentials")["errors"]
    assert (error["column"], error["row"]) == (field, None)
    assert accounts.list_users() == []


@pytest.mark.parametrize("password", ["x" * 8, "x" * 72, "ñ" * 36, "contraseña segura"])
def test_the_shortest_and_the_longest_password_work(http: FlaskClient, password: str) -> None:
    assert register(http, "bea", password).status_code == 201
    assert sign_in(http, "bea", password).status_code == 200


@pytest.mark.parametrize("settings", [{"PASSWORD_MIN_LENGTH": "12"}], indirect=True, ids=["12"])
def test_the_shortest_password_is_a_setting(http: FlaskClient) -> None:
    assert "12" in problem(register(http, "bea", "x" * 11), 422, "unusable-credentials")["detail"]
    assert register(http, "bea", "x" * 12).status_code == 201


@pytest.mark.parametrize("more", [{"role": "admin"}, {"role": "reader", "is_active": False, "id": 1, "is_admin": True}])
def test_nobody_gives_themselves_a_role(http: FlaskClient, more: dict[str, Any]) -> None:
    assert register(http, "bea", **more).status_code == 201
    (account,) = accounts.list_users()
    assert (account.role, account.is_active) == (Role.CLIENT, True)


OPEN, BY_ADMIN, CLOSED = {"REGISTRATION": "open"}, {"REGISTRATION": "admin"}, {"REGISTRATION": "closed"}


@pytest.mark.parametrize(
    ("settings", "caller", "status"),
    [
        *((OPEN, caller, 201) for caller in (None, Role.CLIENT, Role.ADMIN)),
        *((BY_ADMIN, caller, status) for caller, status in ((None, 401), (Role.CLIENT, 403), (Role.READER, 403))),
        (BY_ADMIN, Role.ADMIN, 201),
        *((CLOSED, caller, 403) for caller in (None, Role.CLIENT, Role.ADMIN)),
        ({}, None, 201),
        ({"ENV": "production", "ALLOW_UNVALIDATED_MODEL": "1"}, None, 401),
    ],
    indirect=["settings"],
)
def test_who_may_register_others_is_a_setting(
    http: FlaskClient, make_token: MakeToken, caller: Role | None, status: int
) -> None:
    headers = make_token("caller", caller) if caller else {}
    response = http.post("/auth/create_user", json={"username": "bea", "password": PASSWORD}, headers=headers)
    assert response.status_code == status
    assert ("bea" in [account.username for account in accounts.list_users()]) == (status == 201)
