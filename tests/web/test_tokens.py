"""Tokens: which are refused, always in the same words, and how each one ends."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.app import create_app
from fcv_api.settings import Settings
from fcv_api.web import tokens

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4
MakeToken = Callable[..., dict[str, str]]
Forge = Callable[..., str]


def ask(http: FlaskClient, token: str) -> TestResponse:
    return http.get("/", headers={"Authorization": f"Bearer {token}"})


def refused(response: TestResponse) -> str:
    """Check a 401 that says nothing of why, and give its challenge."""
    problem = json.loads(response.data)
    assert (response.status_code, problem["type"]) == (401, "/problems/not-authenticated"), problem
    assert (problem["detail"], response.content_type) == ("Authentication Failed.", "application/problem+json")
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    return response.headers["WWW-Authenticate"]


def unsigned(header: str, claims: str = "{}") -> str:
    parts = (base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, claims, "signature"))
    return ".".join(parts)


@pytest.fixture
def forge(token: dict[str, str]) -> Forge:
    """Sign a token of Ana's with other claims; None takes a claim out."""
    own = token["Authorization"].removeprefix("Bearer ")
    claims, header = jwt.decode(own, options={"verify_signature": False}), jwt.get_unverified_header(own)

    def sign(key: str | None = OLD, algorithm: str = "HS256", **changes: object) -> str:
        changed = {name: each for name, each in (claims | changes).items() if each is not None}
        return jwt.encode(changed, key, algorithm=algorithm, headers={"kid": header["kid"]})

    return sign


def test_a_token_says_who_asks(http: FlaskClient, forge: Forge) -> None:
    assert ask(http, forge()).get_json() == {"User": {"username": "ana", "id": 1}}


@pytest.mark.parametrize("path", ["/", "/model"])
def test_no_token_is_refused_with_a_bare_challenge(http: FlaskClient, path: str) -> None:
    assert refused(http.get(path)) == "Bearer"


def test_a_prediction_needs_a_token(http: FlaskClient, encounter: dict[str, Any]) -> None:
    assert refused(http.post("/predict", json=encounter)) == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "x", "Bearer,Bearer"])
def test_a_header_without_a_token_is_refused(http: FlaskClient, header: str) -> None:
    assert refused(http.get("/", headers={"Authorization": header})).startswith("Bearer")


@pytest.mark.parametrize(
    "garbage",
    [
        *("x", "a.b", "a.b.c", "...", "null", "é.é.é"),
        pytest.param(unsigned("{}"), id="no algorithm"),
        pytest.param(unsigned("[" * 5000), id="nested header"),
        pytest.param(unsigned('{"alg": "HS256"}', "[" * 5000), id="nested claims"),
        pytest.param(unsigned('{"alg": []}'), id="algorithm is a list"),
        pytest.param(unsigned('{"alg": {}}'), id="algorithm is an object"),
        pytest.param(unsigned('{"alg": "HS256", "kid": 5}'), id="key id is a number"),
        pytest.param(unsigned('{"alg": "HS256", "crit": ["b64"]}'), id="critical extension"),
        pytest.param(unsigned("[]"), id="header is a list"),
        pytest.param(unsigned('{"alg": "HS256"}', "[]"), id="claims are a list"),
        pytest.param(unsigned('{"alg": "HS256"}', '{"exp": 1e999}'), id="endless"),
        pytest.param(unsigned('{"alg": "HS256"}', '{"exp": ' + "1" * 5000 + "}"), id="5,000 digits"),
    ],
)
def test_garbage_is_refused(http: FlaskClient, garbage: str) -> None:
    assert refused(ask(http, garbage)) == 'Bearer error="invalid_token"'


def test_a_token_without_a_signature_is_refused(http: FlaskClient, forge: Forge) -> None:
    assert refused(ask(http, forge(key=None, algorithm="none"))) == 'Bearer error="invalid_token"'
    signed = forge()
    refused(ask(http, signed.rpartition(".")[0] + "."))


def test_a_token_signed_by_another_key_or_algorithm_is_refused(http: FlaskClient, forge: Forge) -> None:
    assert refused(ask(http, forge(key=NEW))) == 'Bearer error="invalid_token"'
    assert refused(ask(http, forge(algorithm="HS384"))) == 'Bearer error="invalid_token"'


def test_a_token_whose_claims_were_exchanged_is_refused(http: FlaskClient, forge: Forge, make_token: MakeToken) -> None:
    admins = make_token("boss", Role.ADMIN)["Authorization"].removeprefix("Bearer ")
    header, _, signature = forge().split(".")
    refused(ask(http, ".".join([header, admins.split(".")[1], signature])))


def test_an_expired_token_is_refused_beyond_ten_seconds(http: FlaskClient, forge: Forge) -> None:
    now = int(time.time())
    assert ask(http, forge(exp=now - 5)).status_code == 200
    assert refused(ask(http, forge(exp=now - 15))) == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("claim", ["exp", "jti", "id", "gen", "sub", "iat", "type", "iss", "aud"])
def test_a_token_that_lacks_a_claim_is_refused(http: FlaskClient, forge: Forge, claim: str) -> None:
    assert refused(ask(http, forge(**{claim: None}))) == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 2},
        {"id": "1"},
        {"id": 1.5},
        {"id": True},
        {"id": 2**70},
        {"iss": "other"},
        {"aud": "other"},
        {"sub": "boss"},
        {"sub": 1},
        {"gen": 1},
        {"type": "refresh"},
        {"exp": "x"},
    ],
    ids=str,
)
def test_a_token_of_nobody_is_refused(http: FlaskClient, forge: Forge, changes: dict[str, object]) -> None:
    assert refused(ask(http, forge(**changes))) == 'Bearer error="invalid_token"'


def test_every_other_401_has_its_request_id(http: FlaskClient) -> None:
    response = http.get("/", headers={"X-Request-ID": "ward-3"})
    assert response.get_json()["request_id"] == response.headers["X-Request-ID"] == "ward-3"


# How a token ends -----------------------------------------------------------------------------------------------


@pytest.fixture
def used(http: FlaskClient, token: dict[str, str]) -> dict[str, str]:
    """Ana's token, which was let in before."""
    assert http.get("/", headers=token).status_code == 200
    return token


def test_an_account_is_read_once_a_request_also_with_the_first_of_a_token(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock(wraps=accounts.find_by_token)
    monkeypatch.setattr(tokens, "find_by_token", asked)
    for number in (1, 2):
        assert http.get("/", headers=token).status_code == 200
        assert asked.call_count == number


def test_a_token_that_was_let_in_before_is_refused_once_it_has_expired(http: FlaskClient, forge: Forge) -> None:
    ending = forge(exp=int(time.time()) - 8)  # two seconds left, of the ten that clocks may differ by
    assert ask(http, ending).status_code == 200
    time.sleep(2.1)
    assert refused(ask(http, ending)) == 'Bearer error="invalid_token"'


def test_a_token_dies_with_its_account_and_does_not_come_back(http: FlaskClient, used: dict[str, str]) -> None:
    accounts.set_active("ana", active=False)
    refused(http.get("/", headers=used))
    accounts.set_active("ana", active=True)
    refused(http.get("/", headers=used))


def test_a_token_dies_with_a_changed_password(http: FlaskClient, used: dict[str, str], make_token: MakeToken) -> None:
    other = make_token("bea")
    accounts.set_password("ana", "another password", min_length=8)
    refused(http.get("/", headers=used))
    assert http.get("/", headers=other).status_code == 200


def test_a_token_dies_by_logout_and_others_of_its_account_live_on(http: FlaskClient, used: dict[str, str]) -> None:
    credentials = {"username": "ana", "password": "correct horse battery"}
    second = http.post("/auth/token", json=credentials).get_json()["access_token"]
    response = http.post("/auth/logout", headers=used)
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    refused(http.get("/", headers=used))
    refused(http.post("/auth/logout", headers=used))
    assert ask(http, second).status_code == 200


def test_logging_out_needs_a_token(http: FlaskClient) -> None:
    refused(http.post("/auth/logout"))


def test_a_token_of_the_previous_secret_lives_on_after_a_rotation(
    app: Flask, token: dict[str, str], make_settings: Callable[..., Settings]
) -> None:
    assert app.config["JWT_SECRET_KEY"] == OLD
    rotated = create_app(make_settings(JWT_SECRET=NEW, JWT_SECRET_PREVIOUS=OLD)).test_client()
    assert rotated.get("/", headers=token).status_code == 200
    credentials = {"username": "ana", "password": "correct horse battery"}
    fresh = rotated.post("/auth/token", json=credentials).get_json()["access_token"]
    jwt.decode(fresh, NEW, algorithms=["HS256"], audience="fcv_api")
    assert ask(rotated, fresh).status_code == 200


def test_a_token_of_a_secret_that_was_dropped_is_refused(
    used: dict[str, str], make_settings: Callable[..., Settings]
) -> None:
    refused(create_app(make_settings(JWT_SECRET=NEW)).test_client().get("/", headers=used))
