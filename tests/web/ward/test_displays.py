"""A screen on a wall: it reads, and persons may sign in on it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser_of, person
from conftest import PASSWORD
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.accounts.issued_tokens import token_for

FORM = "/sign-in?display=1"


def display_token(days: float = 90) -> str:
    return token_for(person("uci-1", Role.DISPLAY), timedelta(days=days))


@pytest.fixture
def wall(app: Flask) -> Browser:
    """Give the browser of a display."""
    browser = browser_of(app)
    assert browser.sign_in(FORM, token=display_token()).status_code == 303
    return browser


def test_a_display_s_cookie_lives_as_long_as_its_token(app: Flask) -> None:
    entered = browser_of(app).sign_in(FORM, token=f" {display_token()}\n")
    (cookie,) = entered.headers.getlist("Set-Cookie")
    seconds = int(cookie.partition("Max-Age=")[2].partition(";")[0])
    assert 0 <= 90 * 24 * 3600 - seconds < 60


def test_the_token_is_in_no_address_and_no_log(app: Flask, log_file: Path) -> None:
    token = display_token()
    entered = browser_of(app).sign_in(FORM, token=token)
    assert token not in (entered.location or "")
    assert token not in log_file.read_text()
    assert browser_of(app).get(f"/ward?token={token}").status_code == 303


def test_a_token_of_a_person_or_of_nobody_makes_no_display(app: Flask) -> None:
    for token in (token_for(person("luz", Role.ADMIN)), "x", ""):
        browser = browser_of(app)
        refused = browser.sign_in(FORM, token=token)
        assert (refused.status_code, 'name="token"' in refused.text) == (401, True)
        assert browser.cookie("fcv_display") is None


def test_a_display_marks_nothing(wall: Browser) -> None:
    fields = {"csrf_token": wall.token_of("/sign-in"), "record": "x"}
    assert wall.post("/ward/seen", fields).status_code == 403


def test_a_display_reads_the_pages_and_nothing_of_the_record(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    record = http.post("/predict", json=encounter, headers=token).headers["Location"]
    header = {"Authorization": f"Bearer {display_token()}"}
    asked = {path: http.get(path, headers=header).status_code for path in ("/beds", record, f"{record}/replay")}
    assert asked == {"/beds": 403, record: 404, f"{record}/replay": 404}
    assert http.get("/predictions", headers=header).json == {"predictions": [], "next": None}


def test_a_person_signs_in_on_a_display_and_leaves_it_as_it_was(wall: Browser) -> None:
    person("luz")
    wall.sign_in(username="luz", password=PASSWORD)
    assert "Signed in as luz" in wall.get("/ward").text
    wall.sign_out()
    assert "Display uci-1" in wall.get("/ward").text


def test_a_display_says_a_week_ahead_that_it_needs_another_token(app: Flask) -> None:
    browser = browser_of(app)
    browser.sign_in(FORM, token=display_token(days=6))
    assert "Ask for a new token" in browser.get("/ward").text


def test_a_display_has_no_button_that_ends_it_by_accident(wall: Browser) -> None:
    assert "/sign-out" not in wall.get("/ward").text
    ended = wall.post("/sign-out", {"csrf_token": wall.token_of("/sign-in")})
    assert (ended.status_code, wall.get("/ward").status_code) == (303, 303)
