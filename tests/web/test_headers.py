"""What every answer tells a browser: not to guess, not to keep, and not to let other pages read it."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
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


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs/index.html", "/docs/swagger-ui.css", "/docs/nope"])
def test_the_page_of_the_documents_runs_its_own_scripts_alone_and_stands_in_no_frame(
    http: FlaskClient, path: str
) -> None:
    with http.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] == "DENY"
    told = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert (told["default-src"], told["frame-ancestors"]) == ("'none'", "'none'")
    assert "unsafe" not in policy
    assert "//" not in policy


def test_the_one_script_within_the_page_is_allowed_by_its_hash(http: FlaskClient) -> None:
    response = http.get("/docs")
    (script,) = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in response.headers["Content-Security-Policy"]
