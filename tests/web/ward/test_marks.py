"""*Seen by*."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browser import signed_in
from conftest import MakeToken
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.ledger import seen
from fcv_api.ledger.query import find
from fcv_api.security_log import opened


@pytest.fixture
def record(http: FlaskClient, make_token: MakeToken, encounter: dict[str, Any]) -> str:
    """Give the id of a record."""
    answer = http.post("/predict", json=encounter, headers=make_token("script"))
    return answer.headers["Location"].rpartition("/")[2]


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMIN])
def test_a_person_marks_a_record_and_changes_nothing_but_the_mark(app: Flask, record: str, role: Role) -> None:
    before, luz = find(record), signed_in(app, role=role)
    fields = {"csrf_token": luz.token_of("/ward"), "record": record, "next": "/ward/beds/7"}
    marked = luz.post("/ward/seen", fields)
    assert (marked.status_code, marked.location) == (303, "/ward/beds/7")
    assert [mark.user for mark in seen.seen_by([record])[record]] == ["luz"]
    assert find(record) == before


def test_a_record_that_is_not_there_is_not_found(app: Flask, record: str) -> None:
    luz = signed_in(app)
    for wrong in (f"{record}0", "", "\0", "á" * 300):
        assert luz.post("/ward/seen", {"csrf_token": luz.token_of("/ward"), "record": wrong}).status_code == 404


def test_a_mark_is_in_the_security_log(app: Flask, record: str, tmp_path: Path) -> None:
    luz = signed_in(app)
    with opened(tmp_path, app.extensions["fcv"].zone):
        luz.post("/ward/seen", {"csrf_token": luz.token_of("/ward"), "record": record})
    event = json.loads((tmp_path / "security.log").read_text())
    assert (event["event"], event["record"], type(event["user"])) == ("seen", record, int)


def test_a_session_that_ended_meanwhile_leads_back_to_the_bed(app: Flask, record: str) -> None:
    luz = signed_in(app)
    luz.client.delete_cookie("fcv_session")
    answer = luz.post("/ward/seen", {"record": record}, Referer="http://localhost/ward/beds/7")
    assert answer.location == "/sign-in?next=/ward/beds/7"
