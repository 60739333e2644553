"""A request that waited too long before it came to a worker."""

from __future__ import annotations

import time
from typing import Any

import pytest
from accounts_over_http import problem
from flask.testing import FlaskClient

BEHIND_NGINX = pytest.mark.parametrize("settings", [{"PROXIES": "1"}], indirect=True, ids=["behind nginx"])


def waited(seconds: float) -> dict[str, str]:
    return {"X-Request-Start": f"t={time.time() - seconds:.3f}"}


@BEHIND_NGINX
def test_a_request_that_waited_over_15_seconds_is_503_before_anything_is_read(http: FlaskClient) -> None:
    response = http.post("/predict", data=b"{", content_type="application/json", headers=waited(20))
    assert (
        problem(response, 503, "waited-too-long")["detail"] == "The request waited 20 s for its turn, and was not read."
    )
    assert response.headers["Retry-After"] == "5"
    assert response.headers["X-Request-ID"]


@BEHIND_NGINX
def test_it_leaves_no_record(http: FlaskClient, encounter: dict[str, Any], token: dict[str, str]) -> None:
    assert http.post("/predict", json=encounter, headers=token | waited(16)).status_code == 503
    assert http.get("/predictions", headers=token).get_json()["predictions"] == []
    assert http.post("/predict", json=encounter, headers=token | waited(14)).status_code == 200


@BEHIND_NGINX
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/home"])
def test_whoever_asks_for_health_is_answered_however_late(http: FlaskClient, path: str) -> None:
    assert http.get(path, headers=waited(20)).status_code == 200


@BEHIND_NGINX
@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "t=",
        "t=x",
        "t=1e9",
        "t=-5.000",
        "t=nan",
        "t=1700000000",
        "1700000000.000",
        "t=" + "9" * 5000,
    ],
)
def test_what_is_no_stamp_of_nginx_is_ignored(http: FlaskClient, token: dict[str, str], stamp: str) -> None:
    headers = token | {"X-Request-Start": stamp}
    assert http.get("/", headers=headers).status_code == 200


@BEHIND_NGINX
@pytest.mark.parametrize("seconds", [-3600.0, -5.0, 0.0, 14.0, 130.0, 1e8])
def test_what_cannot_be_or_is_no_long_wait_is_answered(
    http: FlaskClient, token: dict[str, str], seconds: float
) -> None:
    assert http.get("/", headers=token | waited(seconds)).status_code == 200


def test_without_a_trusted_proxy_nobodys_word_is_taken(http: FlaskClient, token: dict[str, str]) -> None:
    assert http.get("/", headers=token | waited(20)).status_code == 200
