"""Who may call what: every route, tried by everybody."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.fhir.example import example_bundle

MakeToken = Callable[..., dict[str, str]]
CALLERS = {
    "client": Role.CLIENT,
    "another": Role.CLIENT,
    "reader": Role.READER,
    "clinician": Role.CLINICIAN,
    "display": Role.DISPLAY,
    "admin": Role.ADMIN,
}
"""By name. The record that is asked for is the client's."""


class Row(NamedTuple):
    """What each caller is answered. Whoever is disabled is answered as the table's last column says."""

    nobody: int
    client: int
    another: int
    reader: int
    clinician: int
    display: int
    admin: int
    disabled: int


PUBLIC = Row(200, 200, 200, 200, 200, 200, 200, 200)
ANY_ROLE = Row(401, 200, 200, 200, 200, 200, 200, 401)
PREDICTS = Row(401, 200, 200, 403, 403, 403, 200, 401)
SEARCHES = Row(401, 403, 403, 422, 403, 403, 422, 401)
"""Who may search is told that no encounter is named."""
OWN_RECORD = Row(401, 200, 404, 200, 404, 404, 200, 401)
MOVED = Row(308, 308, 308, 308, 308, 308, 308, 308)
NOT_BUILT = Row(404, 404, 404, 404, 404, 404, 404, 404)
A_PAGE = Row(303, 303, 303, 303, 303, 303, 303, 303)
"""To the form: a page takes no token of a header. Who may see it is in `ward/test_session.py`."""
ACCESS = {
    ("GET", "/"): ANY_ROLE,
    ("GET", "/home"): PUBLIC,
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
    ("POST", "/auth/create_user"): Row(401, 403, 403, 403, 403, 403, 201, 401),
    ("POST", "/auth/token"): PUBLIC,
    ("POST", "/auth/logout"): Row(401, 204, 204, 204, 204, 204, 204, 401),
    ("POST", "/predict"): PREDICTS,
    ("POST", "/predict/batch"): PREDICTS,
    ("POST", "/observations"): PREDICTS,
    ("GET", "/beds"): Row(401, 403, 403, 200, 403, 403, 200, 401),
    ("POST", "/fhir"): PREDICTS,
    ("GET", "/fhir/metadata"): PUBLIC,
    ("GET", "/fhir/RiskAssessment"): SEARCHES,
    ("GET", "/predictions"): ANY_ROLE,
    ("GET", "/predictions/<record_id>"): OWN_RECORD,
    ("GET", "/predictions/<record_id>/replay"): OWN_RECORD,
    ("GET", "/predictions/<record_id>/explanation"): Row(401, 403, 403, 200, 403, 403, 200, 401),
    ("GET", "/model"): ANY_ROLE,
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/docs/"): PUBLIC,
    ("GET", "/docs/<path:path>"): PUBLIC,
    ("GET", "/guide"): MOVED,
    ("GET", "/guide/"): NOT_BUILT,
    ("GET", "/guide/<path:path>"): NOT_BUILT,
    ("GET", "/ward"): A_PAGE,
    ("GET", "/ward/beds"): Row(401, 401, 401, 401, 401, 401, 401, 401),
    ("GET", "/ward/beds/<encounter>"): A_PAGE,
    ("GET", "/ward/static/<path:filename>"): PUBLIC,
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): Row(415, 415, 415, 415, 415, 415, 415, 415),
    ("POST", "/sign-out"): A_PAGE,
    ("POST", "/ward/seen"): A_PAGE,
}
BY_ADMIN = pytest.mark.parametrize("settings", [{"REGISTRATION": "admin"}], indirect=True, ids=["by admin"])


@pytest.fixture(autouse=True)
def _no_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer as where `make docs` was never run: this checkout may have its guide or not."""
    monkeypatch.setattr("fcv_api.web.guide.FOLDER", tmp_path)


def routes(app: Flask) -> set[tuple[str, str]]:
    found = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    return {(method, rule) for method, rule in found if method not in ("HEAD", "OPTIONS")}


@pytest.fixture
def tokens(make_token: MakeToken) -> dict[str, dict[str, str]]:
    """Give a header for everybody: nobody's is empty."""
    return {"nobody": {}} | {name: make_token(name, role) for name, role in CALLERS.items()}


@pytest.fixture
def ask(http: FlaskClient, tokens: dict[str, dict[str, str]], encounter: dict[str, Any]) -> Callable[..., int]:
    """Ask a route for what would work, and give the status."""
    record = http.post("/predict", json=encounter, headers=tokens["client"]).headers["Location"].rpartition("/")[2]
    batch = encounter | {"idAtencion": dict.fromkeys(encounter["valor"], 1)}
    credentials = {"username": "client", "password": "correct horse battery"}
    names = (f"new {number}" for number in itertools.count())

    def post(method: str, rule: str, token: dict[str, str]) -> int:
        path = rule.replace("<record_id>", record).replace("<path:path>", "swagger-ui.css")
        path = path.replace("<path:filename>", "ward.css")
        body: dict[str, Any] = {
            "/predict": encounter,
            "/predict/batch": batch,
            "/observations": batch,
            "/fhir": example_bundle(),
            "/auth/token": credentials,
            "/auth/create_user": credentials | {"username": next(names)},
        }
        with http.open(path, method=method, json=body.get(rule), headers=token) as response:
            return response.status_code

    return post


def test_the_table_has_every_route_and_no_other(app: Flask) -> None:
    assert routes(app) == set(ACCESS)


@BY_ADMIN
@pytest.mark.parametrize(("method", "rule"), list(ACCESS), ids=map(" ".join, ACCESS))
def test_everybody_is_answered_as_the_table_says(
    ask: Callable[..., int], tokens: dict[str, dict[str, str]], method: str, rule: str
) -> None:
    answered = {name: ask(method, rule, token) for name, token in tokens.items()}
    wanted = ACCESS[method, rule]._asdict()
    assert answered == {name: wanted[name] for name in answered}


@BY_ADMIN
@pytest.mark.parametrize(("method", "rule"), list(ACCESS), ids=map(" ".join, ACCESS))
def test_whoever_was_disabled_is_nobody(
    ask: Callable[..., int], tokens: dict[str, dict[str, str]], method: str, rule: str
) -> None:
    if rule == "/auth/token":
        tokens = {"client": {}}  # who signs in carries no token
    for name in CALLERS:
        accounts.set_active(name, active=False)
    answered = {name: ask(method, rule, token) for name, token in tokens.items() if name != "nobody"}
    wanted = 401 if rule == "/auth/token" else ACCESS[method, rule].disabled
    assert answered == dict.fromkeys(answered, wanted)
