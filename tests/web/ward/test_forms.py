"""Forms: what another site, another session or nobody sends is refused."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from browser import Browser, browser_of, person, signed_in
from conftest import PASSWORD
from flask import Flask

from fcv_api.accounts import Role
from fcv_api.security_log import opened

CREDENTIALS = {"username": "luz", "password": PASSWORD}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def luz(app: Flask) -> Browser:
    """Give the browser of a clinician who signed in."""
    return signed_in(app)


def test_a_form_of_another_site_is_refused_also_with_the_right_token(luz: Browser) -> None:
    fields = {"csrf_token": luz.token_of("/ward"), "record": "x"}
    for path, site in product(("/sign-out", "/ward/seen"), ("cross-site", "same-site", "")):
        refused = luz.post(path, fields, Sec_Fetch_Site=site)
        assert (refused.status_code, "another session or site" in refused.text) == (403, True)
    assert luz.get("/ward").status_code == 200


def test_an_older_browser_names_the_other_site_by_its_origin(luz: Browser) -> None:
    fields = {"csrf_token": luz.token_of("/ward")}
    for origin in ("https://evil.example", "null", "http://localhost:8001", "http://localhost.evil"):
        assert luz.client.post("/sign-out", data=fields, headers={"Origin": origin}).status_code == 403
    assert luz.client.post("/sign-out", data=fields, headers={"Origin": "http://localhost"}).status_code == 303


def test_a_form_without_the_session_s_token_is_refused(luz: Browser) -> None:
    for path, token in product(
        ("/sign-out", "/ward/seen"), (b"", b"csrf_token=", b"csrf_token=%F0%F1", b"csrf_token=0")
    ):
        assert luz.client.post(path, data=token + b"&record=x", content_type=FORM).status_code == 403, token
    assert luz.get("/ward").status_code == 200


def test_nobody_is_signed_in_by_a_form_that_another_page_wrote(app: Flask) -> None:
    """Of login CSRF: whoever is signed in as somebody else marks in a stranger's name."""
    person()
    theirs, ours = browser_of(app), browser_of(app)
    stolen = theirs.token_of("/sign-in", "/sign-in")
    for fields in (CREDENTIALS, CREDENTIALS | {"csrf_token": stolen}):
        assert ours.post("/sign-in", fields).status_code == 403
    ours.token_of("/sign-in", "/sign-in")  # has a cookie of its own now
    assert ours.post("/sign-in", CREDENTIALS | {"csrf_token": stolen}).status_code == 403
    assert ours.cookie() is None


def test_a_form_of_one_session_does_nothing_in_another(luz: Browser) -> None:
    """Two tabs: in one of them somebody else signed in."""
    old_tab = luz.token_of("/ward")
    person("eva")
    luz.sign_in(username="eva", password=PASSWORD)
    assert luz.post("/sign-out", {"csrf_token": old_tab}).status_code == 403
    assert "Signed in as eva" in luz.get("/ward").text


def test_two_tabs_can_show_the_form_and_both_work(app: Flask) -> None:
    person()
    browser = browser_of(app)
    first, second = browser.token_of("/sign-in", "/sign-in"), browser.token_of("/sign-in", "/sign-in")
    for token in (first, second):
        assert browser.post("/sign-in", CREDENTIALS | {"csrf_token": token}).status_code == 303


def test_who_only_reads_does_not_post(app: Flask) -> None:
    reader = signed_in(app, "reader", Role.READER)
    refused = reader.post("/ward/seen", {"csrf_token": reader.token_of("/ward"), "record": "x"})
    assert (refused.status_code, "may not do this" in refused.text) == (403, True)


def test_json_is_no_form(luz: Browser) -> None:
    assert luz.client.post("/sign-out", json={"csrf_token": "x"}).status_code == 415


def test_a_form_of_over_16_kb_is_not_read(luz: Browser) -> None:
    assert luz.post("/sign-out", {"csrf_token": "x" * 17_000}).status_code == 413


def test_a_form_that_was_refused_is_in_the_security_log_without_its_token(app: Flask, tmp_path: Path) -> None:
    luz = signed_in(app)
    with opened(tmp_path, app.extensions["fcv"].zone):
        luz.post("/sign-out", {"csrf_token": "wrong-one"}, Sec_Fetch_Site="cross-site")
        luz.post("/sign-out", {"csrf_token": "wrong-one"})
        luz.post("/sign-out", {"record": "x"})
    text = (tmp_path / "security.log").read_text()
    assert [json.loads(line)["reason"] for line in text.splitlines()] == ["foreign-site", "wrong-token", "no-token"]
    assert "wrong-one" not in text
