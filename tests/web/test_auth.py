"""Signing in: a token for who may, and the same words for everybody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import jwt
import pytest
from accounts_over_http import PASSWORD, problem, register, sign_in
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fcv_api import accounts

FORM = "application/x-www-form-urlencoded"
MakeToken = Callable[..., dict[str, str]]


def test_a_token_is_good_for_twenty_minutes_and_says_whose_it_is(http: FlaskClient) -> None:
    register(http, "bea")
    answer = sign_in(http, "bea", PASSWORD).get_json()
    assert list(answer) == ["access_token", "token_type"]
    assert answer["token_type"] == "bearer"
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["id"], claims["exp"] - claims["iat"]) == ("bea", 1, 20 * 60)
    assert claims["jti"]


@pytest.mark.parametrize("settings", [{"TOKEN_MINUTES": "5"}], indirect=True, ids=["5 minutes"])
def test_how_long_a_token_is_good_for_is_a_setting(http: FlaskClient) -> None:
    register(http, "bea")
    token = sign_in(http, "bea", PASSWORD).get_json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 5 * 60


@pytest.mark.parametrize(
    "more", [{}, {"grant_type": "password", "scope": "", "client_id": "x"}], ids=["bare", "OAuth2"]
)
def test_signing_in_by_form_gives_a_token_that_works(http: FlaskClient, more: dict[str, str]) -> None:
    register(http, "bea", "contraseña segura")
    form = {"username": "bea", "password": "contraseña segura", **more}
    token = http.post("/auth/token", data=form).get_json()["access_token"]
    answer = http.get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json() == {"User": {"username": "bea", "id": 1}}


def test_two_tokens_of_one_account_differ(http: FlaskClient) -> None:
    register(http, "bea")
    assert len({sign_in(http, "bea", PASSWORD).get_json()["access_token"] for _ in range(3)}) == 3


WRONG = {
    "unknown user": ("nobody", PASSWORD),
    "wrong password": ("bea", "wrong horse battery"),
    "empty password": ("bea", ""),
    "73 bytes": ("bea", "x" * 73),
    "72 right bytes and more": ("long", "x" * 80),
    "10,000 bytes": ("bea", "x" * 10_000),
    "NUL in password": ("bea", PASSWORD + "\0"),
    "NUL in username": ("bea\0", PASSWORD),
    "NUL inside username": ("b\0ea", PASSWORD),
    "other case": ("BEA", PASSWORD),
    "empty username": ("", PASSWORD),
    "long username": ("x" * 5000, PASSWORD),
    "disabled": ("gone", PASSWORD),
}


@pytest.fixture
def people(http: FlaskClient) -> FlaskClient:
    """Make the accounts that the table of wrong sign-ins speaks of."""
    for name, password in (("bea", PASSWORD), ("gone", PASSWORD), ("long", "x" * 72)):
        register(http, name, password)
    accounts.set_active("gone", active=False)
    return http


def what_an_attacker_sees(response: TestResponse) -> tuple[Any, ...]:
    body = {name: each for name, each in json.loads(response.data).items() if name != "request_id"}
    return response.status_code, body, sorted(each for each in response.headers if each[0] != "X-Request-ID")


def test_every_failed_sign_in_looks_the_same(people: FlaskClient) -> None:
    answers = {name: what_an_attacker_sees(sign_in(people, *given)) for name, given in WRONG.items()}
    status, body, headers = answers["unknown user"]
    assert (status, body["type"], body["detail"]) == (401, "/problems/wrong-credentials", "Could not validate user.")
    assert ("WWW-Authenticate", "Bearer") in headers
    assert [name for name, answer in answers.items() if answer != answers["unknown user"]] == []


def test_a_failed_sign_in_by_form_looks_the_same_too(people: FlaskClient) -> None:
    wanted = what_an_attacker_sees(sign_in(people, "nobody", PASSWORD))
    for username, password in WRONG.values():
        response = people.post("/auth/token", data={"username": username, "password": password})
        assert what_an_attacker_sees(response) == wanted


@pytest.mark.parametrize("path", ["/auth/create_user", "/auth/token"])
@pytest.mark.parametrize("content_type", ["application/json", FORM])
@pytest.mark.parametrize("length", ["said", "not said"])
def test_credentials_over_16_kb_are_413(http: FlaskClient, path: str, content_type: str, length: str) -> None:
    filler = b"x" * (16 * 1024 + 1)
    data = b'{"username": "' + filler + b'"}' if content_type != FORM else b"username=" + filler + b"&password=x"
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    sent: dict[str, Any] = {"input_stream": BytesIO(data), "environ_overrides": chunked}
    response = http.post(path, content_type=content_type, **({"data": data} if length == "said" else sent))
    problem(response, 413, "too-large")


@pytest.mark.parametrize(
    ("data", "content_type", "status", "slug"),
    [
        (b"", "application/json", 400, "not-json"),
        (b"[" * 5000, "application/json", 400, "not-json"),
        (b'{"username": "\\ud800"}', "application/json", 400, "not-json"),
        (b"[]", "application/json", 422, "invalid-body"),
        (b"", FORM, 422, "invalid-body"),
        (b"username=bea", FORM, 422, "invalid-body"),
        (b"username=%ED%A0%80&password=%FF%FE%00", FORM, 401, "wrong-credentials"),
        (b"username=\xff&password=x", FORM, 400, "bad-request"),
        (b"&".join([b"username=bea&password=x"] * 20), FORM, 400, "bad-request"),
        (b"x", "multipart/form-data; boundary=x", 415, "unsupported-media-type"),
        (b"x", "text/html", 415, "unsupported-media-type"),
        (b"x", None, 415, "unsupported-media-type"),
    ],
)
def test_bodies_that_hold_no_credentials(
    http: FlaskClient, data: bytes, content_type: str | None, status: int, slug: str
) -> None:
    problem(http.post("/auth/token", data=data, content_type=content_type), status, slug)


@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_compressed_credentials_are_415(http: FlaskClient, content_type: str) -> None:
    headers = {"Content-Encoding": "gzip"}
    problem(
        http.post("/auth/token", data=b"x", content_type=content_type, headers=headers), 415, "unsupported-encoding"
    )


@pytest.mark.parametrize("path", ["/auth/create_user", "/auth/token"])
@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("sent", ["absent", None, 5, True, ["x"], {}], ids=repr)
def test_a_field_that_is_missing_or_not_text_is_named(http: FlaskClient, path: str, field: str, sent: object) -> None:
    body = {"username": "bea", "password": PASSWORD, field: sent}
    response = http.post(path, json={name: each for name, each in body.items() if each != "absent"})
    (error,) = problem(response, 422, "invalid-body")["errors"]
    assert (error["column"], error["row"]) == (field, None)
