"""What every answer tells a browser: not to guess, not to keep, and not to let other pages read it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

ELSEWHERE = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/home"), ("GET", "/"), ("GET", "/nope"), ("PUT", "/predict"), ("POST", "/auth/token"), ("GET", "/docs/")],
)
def test_no_answer_is_guessed_at_or_kept(http: FlaskClient, method: str, path: str) -> None:
    response = http.open(path, method=method)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_prediction_is_not_kept(http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]) -> None:
    response = http.post("/predict", json=encounter, headers=token)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(("method", "path"), [("GET", "/home"), ("OPTIONS", "/predict"), ("OPTIONS", "/auth/token")])
def test_no_page_of_another_origin_may_read_an_answer(http: FlaskClient, method: str, path: str) -> None:
    response = http.open(path, method=method, headers=ELSEWHERE)
    assert response.status_code == 200
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)
