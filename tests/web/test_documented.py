"""Every 4xx that the OpenAPI document names for a route is one that a client can get there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from accounts_over_http import problem
from conftest import MakeToken
from documented import ROWS, Caller, Row
from flask.testing import FlaskClient

from fcv_api.web.problems import PROBLEMS


def documented(http: FlaskClient) -> set[tuple[str, str]]:
    """Give each route and each problem with a 4xx that the document names for it."""
    paths: dict[str, Any] = http.get("/openapi.json").get_json()["paths"]
    return {
        (f"{method.upper()} {path}", slug)
        for path, operations in paths.items()
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}
        for status, answer in operations[method]["responses"].items()
        if status.startswith("4")
        for slug in re.findall(r"`/problems/([a-z-]+)`", answer["description"])
    }


def test_the_table_has_a_row_for_each_that_is_documented_and_no_other(http: FlaskClient) -> None:
    pairs = [row.pair for row in ROWS]
    assert len(pairs) == len(set(pairs)) > 50
    assert set(pairs) == documented(http)


def test_every_problem_of_a_client_is_documented_somewhere(http: FlaskClient) -> None:
    """But for a method that a path does not know, what a turn of the feed is refused for, a page's form, and FHIR's."""
    theirs = {slug for slug, each in PROBLEMS.items() if each.status < 500}
    others = {"method-not-allowed", "identity-conflict", "silent", "form-refused", "tls-needed", "not-acceptable"}
    assert theirs - {slug for _, slug in documented(http)} == others


@pytest.mark.parametrize(
    ("settings", "row"),
    [pytest.param(row.settings, row, id=" ".join(row.pair)) for row in ROWS],
    indirect=["settings"],
)
def test_what_is_documented_is_reached(http: FlaskClient, make_token: MakeToken, row: Row) -> None:
    response = row.ask(Caller(http, make_token))
    problem(response, PROBLEMS[row.slug].status, row.slug)
