"""What others can try on whoever looks at the ward: names that are scripts, and sites that post or frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import made_up_ward
import pytest
from playwright.sync_api import Browser, Page, expect
from served import in_a_thread
from sqlalchemy import text
from visits import PASSWORD, Ward, sign_in

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.domain.observations import Posted
from fcv_api.extensions import read_transaction
from fcv_api.feed import store
from fcv_api.feed.store import Arrival

pytest_plugins = ["openings"]

HIT = "window.hit = 1"
USER = f"<script>{HIT}</script>"
SOURCE = f"api:<img src=x onerror='{HIT}'>"
BED = f'"><svg onload="{HIT}">{{{{ 7 * 7 }}}}'


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger(ward: Ward) -> Iterator[str]:
    """Serve another site, which posts forms to the ward and frames it."""
    page = f"""<!doctype html><title>Free coffee</title>
        <form id=seen method=post action="{ward.url}/ward/seen"><input name=record value="{record_of(ward)}"></form>
        <form id=out method=post action="{ward.url}/sign-out"></form>
        <form id=in method=post action="{ward.url}/sign-in">
        <input name=username value=marta><input name=password value="{PASSWORD}"></form>
        <a href="{ward.url}/ward">the ward</a><iframe src="{ward.url}/ward"></iframe>"""

    def answer(_environ: object, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        return [page.encode()]

    server = make_server("127.0.0.1", 0, answer, handler_class=Quiet)
    with in_a_thread(server):
        yield f"http://localhost:{server.server_port}"


def record_of(ward: Ward) -> str:
    """Return a record that can be marked."""
    with ward.app.app_context(), read_transaction() as connection:
        return str(connection.execute(text("SELECT id FROM predictions WHERE problem IS NULL LIMIT 1")).scalar_one())


def count_marks(ward: Ward) -> int:
    """Count what was marked as seen."""
    with ward.app.app_context(), read_transaction() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM ward_seen")).scalar_one())


@pytest.mark.parametrize("form", ["seen", "out", "in"])
def test_a_foreign_site_s_form_marks_nothing_and_ends_and_begins_no_session(
    page: Page, ward: Ward, stranger: str, form: str
) -> None:
    page.goto(stranger)
    with page.expect_navigation():
        page.evaluate(f"document.getElementById('{form}').submit()")
    assert count_marks(ward) == 0
    page.goto(f"{ward.url}/ward")
    expect(page.locator(".who")).to_have_text("Sesión de eva")


def test_a_foreign_site_s_link_comes_without_the_cookie_and_leads_to_the_ward_all_the_same(
    page: Page, ward: Ward, stranger: str
) -> None:
    page.goto(stranger)
    page.get_by_role("link", name="the ward").click()
    expect(page.locator(".who")).to_have_text("Sesión de eva")
    assert page.url == f"{ward.url}/ward"


def test_a_foreign_site_cannot_frame_the_ward(page: Page, stranger: str) -> None:
    page.goto(stranger)
    expect(page.frame_locator("iframe").locator(".tile")).to_have_count(0)
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]


def test_a_reader_that_posts_marks_nothing(browser: Browser, ward: Ward) -> None:
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, ward.url, "rita")
        page.goto(ward.bed("UCI-01"))
        expect(page.locator("form[action$=seen]")).to_have_count(0)
        token = page.locator("form[action$=sign-out] [name=csrf_token]").input_value()
        fields: dict[str, str | float | bool] = {"record": record_of(ward), "csrf_token": token}
        answer = window.request.post(f"{ward.url}/ward/seen", form=fields, headers={"Origin": ward.url})
        assert answer.status == 403
    assert count_marks(ward) == 0


def test_whoever_predicts_only_sees_no_bed(browser: Browser, ward: Ward) -> None:
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, ward.url, "carlos")
        assert page.locator(".tile").count() == 0
        page.goto(f"{ward.url}/ward")
        assert page.locator(".tile").count() == 0


def test_a_person_marks_a_record_as_seen_and_nothing_else_changes(page: Page, ward: Ward) -> None:
    page.goto(ward.bed("UCI-01"))
    warned = page.locator("#now .warned").inner_text()
    page.locator("form[action$=seen] button").first.click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Visto por eva a las \d\d:\d\d"))
    assert page.locator("#now .warned").inner_text() == warned
    assert count_marks(ward) == 1


def test_a_script_in_a_name_is_text(browser: Browser, ward: Ward) -> None:
    with ward.app.app_context():
        accounts.create_user(USER, PASSWORD, role=Role.CLINICIAN, min_length=8)
        rows, now = made_up_ward.some_rows(BED, ward.made.end), ward.made.end
        store.store([Posted(9001, rows)], Arrival(SOURCE, now, now, made_up_ward.HOURS_KEPT))
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, ward.url, USER)
        for address in (f"{ward.url}/ward", f"{ward.url}/ward/beds/9001"):
            page.goto(address)
            expect(page.locator("main")).to_contain_text(BED)
            expect(page.locator(".who")).to_contain_text(USER)
            assert page.evaluate("window.hit") is None
            assert page.locator("main img, main svg[onload], .who script").count() == 0
