"""Signing in and out in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import Browser, browser_of, person, signed_in
from conftest import PASSWORD
from flask import Flask

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.security_log import opened

ELSEWHERE = (
    *("https://evil.example", "//evil.example", "/\\evil.example", "/ward//evil", "/ward@evil", "javascript:alert(1)"),
    *(
        "/ward/../sign-in",
        "/ward/./.",
        "/predictions",
        "/ward?x",
        "/ward?ward=a&next=b",
        "/ward?ward=//evil",
        "/ward/beds/1\n",
        "/wardrobe",
    ),
)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Give a browser without cookies."""
    return browser_of(app)


def test_a_page_leads_to_the_form_and_the_form_back_to_the_page(browser: Browser) -> None:
    person()
    refused = browser.get("/ward")
    assert (refused.status_code, refused.location) == (303, "/sign-in?next=/ward")
    entered = browser.sign_in(refused.location, username="luz", password=PASSWORD)
    assert (entered.status_code, entered.location) == (303, "/ward")
    assert "Signed in as luz" in browser.get("/ward").text


def test_a_session_s_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser: Browser) -> None:
    person()
    entered = browser.sign_in(username="luz", password=PASSWORD)
    (cookie,) = entered.headers.getlist("Set-Cookie")
    assert cookie.startswith("fcv_session=")
    assert cookie.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Strict"]


@pytest.mark.parametrize("settings", [{"PROXIES": "1"}], indirect=True, ids=["behind nginx"])
def test_behind_tls_cookies_are_bound_to_it_and_to_this_host(app: Flask) -> None:
    person()
    browser = browser_of(app, base="https://localhost")
    entered = browser.sign_in(username="luz", password=PASSWORD)
    (cookie,) = entered.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-fcv_session=")
    assert cookie.split("; ")[1:] == ["Secure", "HttpOnly", "Path=/", "SameSite=Strict"]
    assert browser.get("/ward").status_code == 200


@pytest.mark.parametrize("settings", [{"PROXIES": "1"}], indirect=True, ids=["behind nginx"])
def test_in_plain_text_no_password_is_asked_for(browser: Browser) -> None:
    shown = browser.get("/sign-in")
    assert (shown.status_code, "password" in shown.text) == (403, False)
    assert "https:// only" in shown.text
    assert browser.post("/sign-in", {"username": "luz", "password": PASSWORD}).status_code == 403


def test_a_wrong_password_is_answered_as_an_unknown_name(browser: Browser) -> None:
    person()
    refused = [browser.sign_in(username=name, password="wrong") for name in ("luz", "nobody")]
    assert [(answer.status_code, browser.cookie()) for answer in refused] == [(401, None)] * 2
    assert len({answer.text.partition("<main")[2] for answer in refused}) == 1
    assert "Sign-in failed" in refused[0].text


def test_ten_wrong_passwords_make_an_account_wait_at_the_form_and_at_the_api(browser: Browser) -> None:
    person()
    for number in range(10):
        browser.sign_in(username="luz", password=f"wrong {number}")
    waits = browser.sign_in(username="luz", password=PASSWORD)
    assert (waits.status_code, 0 < int(waits.headers["Retry-After"]) <= 30) == (429, True)
    api = browser.client.post("/auth/token", json={"username": "luz", "password": PASSWORD})
    assert api.status_code == 429


def test_an_account_that_only_predicts_does_not_come_in(browser: Browser) -> None:
    person("script", Role.CLIENT)
    refused = browser.sign_in(username="script", password=PASSWORD)
    assert (refused.status_code, browser.cookie()) == (403, None)
    assert "may not see the ward" in refused.text


def test_a_sign_out_ends_the_token_itself(app: Flask) -> None:
    browser = signed_in(app)
    stolen = browser.cookie() or ""
    assert browser.sign_out().status_code == 303
    assert browser.cookie() is None
    browser.client.set_cookie("fcv_session", stolen)
    assert browser.get("/ward").status_code == 303
    assert browser.client.get("/", headers={"Authorization": f"Bearer {stolen}"}).status_code == 401


def test_after_a_sign_out_the_way_back_shows_nothing(app: Flask) -> None:
    browser = signed_in(app)
    assert browser.get("/ward").headers["Cache-Control"] == "no-store"
    assert browser.sign_out().headers["Clear-Site-Data"] == '"cache"'


def test_who_signs_in_anew_ends_the_session_before(app: Flask) -> None:
    browser = signed_in(app)
    before = browser.cookie() or ""
    browser.sign_in(username="luz", password=PASSWORD)
    assert browser.get("/ward").status_code == 200
    browser.client.set_cookie("fcv_session", before)
    assert browser.get("/ward").status_code == 303


def test_whose_account_is_disabled_sees_nothing_more(app: Flask) -> None:
    browser = signed_in(app)
    accounts.set_active("luz", active=False)
    assert browser.get("/ward").status_code == 303
    assert browser.cookie() is None


def test_a_sign_in_leads_to_no_other_place_than_the_ward(browser: Browser) -> None:
    person()
    fields = {"csrf_token": browser.token_of("/sign-in", "/sign-in"), "username": "luz", "password": PASSWORD}
    for way in ELSEWHERE:
        entered = browser.client.post("/sign-in", data=fields | {"next": way}, query_string={"next": way})
        assert (entered.status_code, entered.location) == (303, "/ward"), way


def test_a_script_in_a_user_s_name_is_shown_as_text(app: Flask) -> None:
    page = signed_in(app, "<script>alert(1)</script>").get("/ward").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_security_log_says_who_came_and_went_and_holds_no_secret(app: Flask, tmp_path: Path) -> None:
    with opened(tmp_path, app.extensions["fcv"].zone):
        browser = signed_in(app)
        token = browser.cookie() or ""
        browser.sign_in(username="luz", password="a wrong one")
        browser.sign_out()
    text = (tmp_path / "security.log").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events] == ["sign-in", "sign-in-refused", "sign-out"]
    assert {event["route"] for event in events} == {"/sign-in", "/sign-out"}
    assert not any(secret in text for secret in (token, PASSWORD, "a wrong one", "luz", "csrf"))
