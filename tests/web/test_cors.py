"""Pages of other sites: those that are named may call the API by a token, and nobody's cookie is ever part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.web.problems import PROBLEMS

BOARD, WALL = "https://board.hospital.lan", "http://10.1.2.3:8080"
ALLOWED = {"CORS_ORIGINS": f"{BOARD}, {WALL}"}
ORIGIN = "Access-Control-Allow-Origin"
named = pytest.mark.parametrize("settings", [ALLOWED], indirect=True, ids=["two origins"])


def allowed(response: Any) -> dict[str, str]:
    """Return what an answer allows pages of other sites."""
    return {name: value for name, value in response.headers if name.startswith("Access-Control")}


ANSWERS = (
    ("GET", "/home", 200),
    ("GET", "/health/live", 200),
    ("GET", "/health/ready", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/", 401),
    ("POST", "/predict", 401),
    ("GET", "/predictions", 401),
    ("POST", "/auth/token", 415),
    ("GET", "/nothing", 404),
    ("PUT", "/predict", 405),
)


@named
def test_a_named_origin_may_read_every_answer_of_the_api(http: FlaskClient) -> None:
    for method, path, status in ANSWERS:
        for origin in (BOARD, WALL):
            response = http.open(path, method=method, headers={"Origin": origin})
            assert (response.status_code, response.headers[ORIGIN]) == (status, origin), path
            assert "Origin" in response.vary
            read = response.headers["Access-Control-Expose-Headers"].split(", ")
            assert {"FCV-Model", "FCV-Window", "Retry-After"} <= set(read)


OTHERS = (
    *("https://elsewhere.lan", "http://board.hospital.lan", f"{BOARD}:8443", f"{BOARD}.evil.lan", f"{BOARD}/"),
    *("null", "", "*", f"{BOARD}, {WALL}"),
)


@named
def test_no_other_origin_may_and_no_cache_mixes_them_up(http: FlaskClient) -> None:
    for origin in OTHERS:
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            response = http.open("/home", method=method, headers=asked)
            assert (response.status_code, allowed(response)) == (200, {}), origin
            assert "Origin" in response.vary


@named
def test_a_preflight_needs_no_token_and_says_what_may_be_sent(http: FlaskClient) -> None:
    asked = {
        "Origin": BOARD,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for path in ("/predict", "/predict/batch", "/observations", "/auth/token"):
        response = http.options(path, headers=asked)
        assert (response.status_code, response.data, response.headers[ORIGIN]) == (200, b"", BOARD)
        assert "POST" in response.headers["Access-Control-Allow-Methods"].split(", ")
        sent = set(response.headers["Access-Control-Allow-Headers"].split(", "))
        assert {"Authorization", "Content-Type", "Idempotency-Key"} <= sent


@named
def test_what_a_page_sends_after_its_preflight_is_answered(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    response = http.post("/predict", json=encounter, headers=token | {"Origin": BOARD})
    assert (response.status_code, response.headers[ORIGIN]) == (200, BOARD)
    refused = http.post("/predict", json=encounter | {"valor": {}}, headers=token | {"Origin": BOARD})
    assert (refused.status_code, refused.headers[ORIGIN]) == (422, BOARD)


@named
def test_a_replayed_answer_is_of_the_page_that_asks_now(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    keyed = token | {"Idempotency-Key": "a"}
    http.post("/predict", json=encounter, headers=keyed | {"Origin": BOARD})
    for origin in (WALL, "https://elsewhere.lan"):
        again = http.post("/predict", json=encounter, headers=keyed | {"Origin": origin})
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers.get_all(ORIGIN) == ([WALL] if origin == WALL else [])


@named
@pytest.mark.usefixtures("token")
def test_a_sign_in_that_must_wait_says_so_to_the_page_and_its_preflights_count_for_nothing(http: FlaskClient) -> None:
    page = {"Origin": BOARD, "Access-Control-Request-Method": "POST"}
    for _ in range(30):
        assert http.options("/auth/token", headers=page).status_code == 200
    right = {"username": "ana", "password": PASSWORD}
    assert http.post("/auth/token", json=right, headers=page).status_code == 200
    wrong = [
        http.post("/auth/token", json=right | {"password": f"wrong {number}"}, headers=page) for number in range(11)
    ]
    assert (wrong[-1].status_code, wrong[-1].headers[ORIGIN]) == (429, BOARD)


@named
def test_a_database_that_is_away_says_so_to_the_page(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcv_api.web.tokens.find_by_token", _away)
    response = http.get("/", headers=token | {"Origin": BOARD})
    assert (response.status_code, response.headers[ORIGIN]) == (503, BOARD)
    assert PROBLEMS["database-unavailable"].type == response.get_json()["type"]


@named
def test_a_preflight_is_recorded_nowhere(http: FlaskClient, token: dict[str, str]) -> None:
    asked = {"Origin": BOARD, "Access-Control-Request-Method": "POST"}
    http.options("/predict", headers=asked | token | {"Idempotency-Key": "a"})
    assert query.search(Wanted(user_id=None), 10) == []


@named
def test_no_page_for_people_is_allowed_to_any_origin(http: FlaskClient) -> None:
    for path in ("/ward", "/ward/beds", "/sign-in", "/ward/static/ward.css", "/docs/"):
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": BOARD, "Access-Control-Request-Method": "GET"}
            with http.open(path, method=method, headers=asked) as response:
                assert response.status_code in (200, 303, 401), path
                assert allowed(response) == {}, path


@named
def test_a_cookie_is_never_part_of_it(http: FlaskClient) -> None:
    asked = {"Origin": BOARD, "Access-Control-Request-Method": "POST"}
    for response in (http.get("/home", headers=asked), http.options("/predict", headers=asked)):
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(("settings", "hooks"), [({}, 0), (ALLOWED, 1)], indirect=["settings"], ids=["off", "on"])
def test_nothing_looks_at_an_answer_where_nobody_is_named(app: Flask, hooks: int) -> None:
    named = [getattr(hook, "func", hook).__module__ for hook in app.after_request_funcs[None]]
    assert named.count("fcv_api.web.cors") == hooks


def test_nginx_adds_none_of_these_headers(root: Path) -> None:
    """Two of them would be none to a browser."""
    files = [each for each in (root / "deploy").rglob("*.conf") if "nginx" in str(each)]
    assert len(files) > 5
    assert [each for each in files if "access-control" in each.read_text("utf-8").lower()] == []


def _away(*_: object) -> None:
    raise OperationalError("", {}, Exception("away"))
