"""Who may see the ward, for how long, and that a cookie opens nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browser import A_CLICK, Browser, browser_of, person, signed_in
from conftest import PASSWORD
from flask import Flask
from flask_jwt_extended import decode_token

from fcv_api.accounts import Role, issued_tokens
from fcv_api.accounts.issued_tokens import token_for

MakeToken = Callable[..., dict[str, str]]
APART = 1.5
"""Seconds that two tokens of the same life may differ by here."""


def with_cookie(app: Flask, token: str, name: str = "fcv_session") -> Browser:
    browser = browser_of(app)
    browser.client.set_cookie(name, token)
    return browser


def session_of(app: Flask, *, seconds_left: float, hours_ago: float = 0.0, role: Role = Role.CLINICIAN) -> Browser:
    """Give a browser with a session that has so long to live, and began so long ago."""
    account = person(role=role)
    began = decode_token(token_for(account))["iat"] - int(hours_ago * 3600)
    return with_cookie(app, token_for(account, timedelta(seconds=seconds_left), {"since": began}))


def seconds_left(browser: Browser) -> float:
    claims: dict[str, Any] = decode_token(browser.cookie() or "")
    return float(claims["exp"] - claims["iat"])


def test_the_ward_is_seen_by_those_who_may(app: Flask) -> None:
    seen = {role: with_cookie(app, token_for(person(role, role))).get("/ward").status_code for role in Role}
    assert seen == {Role.CLIENT: 403} | dict.fromkeys((Role.READER, Role.CLINICIAN, Role.DISPLAY, Role.ADMIN), 200)


def test_a_cookie_opens_no_route_of_the_api(app: Flask) -> None:
    browser = with_cookie(app, token_for(person(role=Role.ADMIN)))
    browser.client.set_cookie("access_token_cookie", browser.cookie() or "")
    rules = [rule for rule in app.url_map.iter_rules() if app.view_functions[rule.endpoint].__dict__.get("access")]
    api = [rule for rule in rules if not rule.endpoint.startswith("ward.")]
    assert len(api) > 8
    for rule in api:
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answered = browser.client.open(rule.rule.replace("<record_id>", "x"), method=method, json={})
        assert answered.status_code == 401, rule


def test_a_header_opens_no_page(app: Flask, make_token: MakeToken) -> None:
    assert browser_of(app).client.get("/ward", headers=make_token("ana", Role.ADMIN)).status_code == 303


def test_a_token_that_is_none_or_has_ended_shows_nothing_and_is_deleted(app: Flask) -> None:
    ended = token_for(person())
    issued_tokens.revoke(decode_token(ended)["jti"], datetime.now(UTC))
    for token in ("x", "a.b.c", ended):
        browser = with_cookie(app, token)
        assert (browser.get("/ward").status_code, browser.cookie()) == (303, None)


def test_an_expired_session_shows_nothing(app: Flask) -> None:
    browser = session_of(app, seconds_left=-11)
    assert browser.get("/ward").status_code == 303


def test_a_click_in_the_second_half_of_its_life_renews_a_session(app: Flask) -> None:
    browser = session_of(app, seconds_left=500)
    browser.get("/ward", **A_CLICK)
    assert seconds_left(browser) == pytest.approx(1200, abs=APART)


def test_what_a_page_asks_for_by_itself_renews_nothing(app: Flask) -> None:
    browser = session_of(app, seconds_left=500)
    before = browser.cookie()
    assert browser.get("/ward", **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert browser.cookie() == before


def test_a_session_is_renewed_up_to_a_shift_and_no_longer(app: Flask) -> None:
    browser = session_of(app, seconds_left=60, hours_ago=11.95)
    browser.get("/ward", **A_CLICK)
    assert seconds_left(browser) == pytest.approx(180, abs=APART)
    before = browser.cookie()
    browser.get("/ward", **A_CLICK)
    assert browser.cookie() == before


def test_a_sign_out_ends_what_a_session_was_renewed_from_and_forms_still_fit(app: Flask) -> None:
    browser = session_of(app, seconds_left=500)
    before, form = browser.cookie() or "", browser.token_of("/ward")
    browser.get("/ward", **A_CLICK)
    assert browser.cookie() != before
    assert browser.post("/sign-out", {"csrf_token": form}).status_code == 303
    assert with_cookie(app, before).get("/ward").status_code == 303


def test_each_answer_names_its_session_so_that_a_page_of_another_one_notices(app: Flask) -> None:
    browser = signed_in(app)
    page = browser.get("/ward")
    assert f'name="fcv-session" content="{page.headers["FCV-Session"]}"' in page.text
    browser.sign_in(username="luz", password="correct horse battery")
    assert browser.get("/ward").headers["FCV-Session"] != page.headers["FCV-Session"]


def test_who_comes_by_a_link_of_another_site_is_not_asked_to_sign_in_again(app: Flask) -> None:
    """A browser sends no cookie then (SameSite=Strict), and sends it when the page itself asks once more."""
    answer = browser_of(app).get("/ward", **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, 'http-equiv="refresh" content="0; url=/ward"' in answer.text) == (200, True)
    assert browser_of(app).get("/ward", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_the_ward_that_a_page_shows_is_kept_through_a_sign_in_and_the_switch(app: Flask) -> None:
    person()
    browser = browser_of(app)
    refused = browser.get("/ward?ward=UCI+%C3%A1%26lang%3Dx")
    assert refused.location == "/sign-in?next=/ward?ward%3DUCI%2520%25C3%25A1%2526lang%253Dx"
    entered = browser.sign_in(refused.location, username="luz", password=PASSWORD)
    assert entered.location == "/ward?ward=UCI%20%C3%A1%26lang%3Dx"
    assert 'href="/ward?ward=UCI%20%C3%A1%26lang%3Dx&amp;lang=es"' in browser.get(entered.location).text
