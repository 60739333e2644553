"""What stands around every page: headers, language, clock. And that what goes wrong is a page, too."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from browser import Browser, browser_of, signed_in
from flask import Flask
from sqlalchemy.exc import OperationalError

from fcv_api.web.ward import doors

WANTED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy(header: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@pytest.fixture
def luz(app: Flask) -> Browser:
    """Give the browser of a clinician who signed in."""
    return signed_in(app)


def test_every_page_every_redirect_and_every_error_has_the_headers(app: Flask, luz: Browser) -> None:
    stranger = browser_of(app)
    answers = [luz.get("/ward"), luz.get("/sign-in"), luz.get("/sign-in?display"), luz.post("/sign-out", {"x": "1"})]
    answers += [stranger.get("/ward"), stranger.sign_in(username="luz", password="wrong")]
    answers += [stranger.post("/sign-in", {"x": "1"}), luz.client.post("/sign-out", json={})]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 303, 401, 403, 415]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in WANTED} == WANTED
        assert policy(answer.headers["Content-Security-Policy"]) == POLICY
        assert not re.search(r"<style|style=|<script(?! src)|\son\w+=", answer.text)


ANCESTORS = {"WARD_FRAME_ANCESTORS": "'self' https://hospital.lan"}


@pytest.mark.parametrize("settings", [ANCESTORS], indirect=True, ids=["framed"])
def test_who_may_frame_a_page_is_a_setting(app: Flask) -> None:
    headers = browser_of(app).get("/sign-in").headers
    assert policy(headers["Content-Security-Policy"])["frame-ancestors"] == "'self' https://hospital.lan"
    assert "X-Frame-Options" not in headers


def test_a_page_speaks_the_browser_s_language_and_the_switch_is_remembered(app: Flask) -> None:
    languages = {"": "es", "en-GB,en": "en", "es-CO,en;q=0.5": "es", "fr": "es", "fr,en;q=0.2": "en"}
    for header, language in languages.items():
        browser = browser_of(app, headers={"Accept-Language": header})
        assert f'<html lang="{language}">' in browser.get("/sign-in").text, header
    assert '<html lang="en">' in browser.get("/sign-in?lang=en").text
    assert '<html lang="en">' in browser.get("/sign-in", **{"Accept-Language": "es"}).text
    assert '<html lang="es">' in browser.get("/sign-in?lang=es").text
    assert '<html lang="es">' in browser.get("/sign-in?lang=xx").text


def test_the_switch_keeps_the_form_of_a_display(app: Flask) -> None:
    page = browser_of(app).get("/sign-in?display").text
    assert 'href="/sign-in?lang=es&amp;display=1"' in page


def test_the_clock_is_the_server_s_and_says_its_zone(luz: Browser) -> None:
    written = re.findall(r'<time id="clock" datetime="([^"]+)">([\d:]+)<', luz.get("/ward").text)
    moment = datetime.fromisoformat(written[0][0])
    assert (moment.utcoffset() is not None, f"{moment:%H:%M:%S}") == (True, written[0][1])


def test_the_cover_says_it_in_both_languages(luz: Browser) -> None:
    page = luz.get("/ward").text
    for words in ("No connection since", "Sin conexión desde las", "Session expired", "La sesión expiró"):
        assert words in page


def test_a_database_that_is_away_is_said_on_a_page_and_ends_no_session(
    app: Flask, luz: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("SELECT 'a secret'", None, Exception("locked"))

    monkeypatch.setattr(doors, "find_session", away)
    before, answer = luz.cookie(), luz.get("/sign-in")
    assert (answer.status_code, "The database does not answer" in answer.text) == (503, True)
    assert (answer.headers["Retry-After"], luz.cookie()) == ("5", before)
    assert "secret" not in answer.text
    program = app.test_client().get("/sign-in")
    assert (program.status_code, program.mimetype) == (503, "application/problem+json")


def test_static_files_are_kept_for_minutes_and_no_other_file_is_one(app: Flask) -> None:
    browser = browser_of(app)
    with browser.get("/ward/static/ward.js") as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=300")
        assert "Set-Cookie" not in answer.headers
    for path in ("../pages.py", "..%2fpages.py", "/etc/passwd", "none.css"):
        assert browser.get(f"/ward/static/{path}").status_code == 404
