"""Accounts, as a client makes and uses them over HTTP."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


def sign_in(http: FlaskClient, username: object, password: object) -> TestResponse:
    return http.post("/auth/token", json={"username": username, "password": password})


def register(http: FlaskClient, username: object, password: object = PASSWORD, **more: Any) -> TestResponse:
    return http.post("/auth/create_user", json={"username": username, "password": password, **more})


def problem(response: TestResponse, status: int, slug: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.data)
    assert (response.status_code, body["type"]) == (status, f"/problems/{slug}"), body
    assert response.content_type == "application/problem+json"
    return body
