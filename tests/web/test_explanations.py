"""`GET /predictions/{id}/explanation`: for readers and admins, of what was scored."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeToken
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.domain.explanation import CAVEAT
from fcv_api.wire.example import example_request

Headers = dict[str, str]


@pytest.fixture
def reader(make_token: MakeToken) -> Headers:
    """Give the header of a reader's token."""
    return make_token("rita", Role.READER)


def explained(http: FlaskClient, token: Headers, reader: Headers) -> dict[str, Any]:
    record = http.post("/predict", json=example_request(), headers=token).headers["Location"]
    body: dict[str, Any] = http.get(f"{record}/explanation", headers=reader).get_json()
    return body


def test_a_reader_reads_what_moved_a_score(http: FlaskClient, token: Headers, reader: Headers) -> None:
    body = explained(http, token, reader)
    assert (body["model"], body["State"], body["evidence"]) == ("fcv-sim/2.0.0", "Sano", "unvalidated")
    assert (body["caveat"], body["caveat_es"]) == CAVEAT
    assert len(body["effects"]) == 8
    changes = [each["log_odds"] for each in body["effects"]]
    assert changes == sorted(changes, reverse=True)
    (rates,) = [each for each in body["effects"] if len(each["signs"]) == 2]
    assert [each["last"] for each in rates["measured"]] == [85.0, 84.0]
    assert [each["code"] for each in body["warnings"]] == ["unvalidated_model"]


@pytest.mark.parametrize(
    "settings", [{"ENV": "production", "ALLOW_UNVALIDATED_MODEL": "1"}], indirect=True, ids=["production"]
)
def test_production_warns_of_an_unvalidated_model(http: FlaskClient, token: Headers, reader: Headers) -> None:
    assert [each["code"] for each in explained(http, token, reader)["warnings"]] == ["unvalidated_model"]


def test_a_client_may_not_and_a_refusal_has_none(http: FlaskClient, token: Headers, reader: Headers) -> None:
    record = http.post("/predict", json=example_request(), headers=token).headers["Location"]
    assert http.get(f"{record}/explanation", headers=token).status_code == 403
    few = example_request() | {"valor": {"0": 1.1}}
    assert http.post("/predict", json=few, headers=token).status_code == 422
    refused = http.get("/predictions", headers=reader).get_json()["predictions"][0]["id"]
    answer = http.get(f"/predictions/{refused}/explanation", headers=reader)
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/not-found")
    assert http.get("/predictions/x/explanation", headers=reader).status_code == 404
