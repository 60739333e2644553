"""The ward's pages in a real Chromium: what can be seen, reached and read, and what others can do to who looks."""

from __future__ import annotations

import pytest
from looks import find_faults
from made_up_ward import NOT_SCORED
from playwright.sync_api import Browser, Page, expect
from visits import LANGUAGES, PASSWORD, Ward, sign_in

pytest_plugins = ["openings"]

NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1920, "height": 1080}
ONCE_EACH = pytest.mark.parametrize(
    "context",
    [{"locale": "es-CO", "viewport": NARROW}, {"locale": "en-GB", "viewport": WIDE}],
    indirect=True,
    ids=["es-phone", "en-wall"],
)


@ONCE_EACH
def test_all_beds_can_be_read_by_everybody_and_nothing_is_green(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    assert page.locator(".tile").count() >= 12
    assert find_faults(page) == []


@ONCE_EACH
@pytest.mark.parametrize("bed", ["UCI-01", "UCI-08"])
def test_a_bed_s_page_can_be_read_by_everybody_and_nothing_is_green(page: Page, ward: Ward, bed: str) -> None:
    page.goto(ward.bed(bed))
    expect(page.locator("#records tbody tr").first).to_be_visible()
    assert find_faults(page) == []


@ONCE_EACH
def test_the_cover_and_the_door_can_be_read_by_everybody(page: Page, ward: Ward) -> None:
    page.clock.install()
    page.goto(f"{ward.url}/ward")
    page.context.set_offline(True)
    page.clock.fast_forward(90_000)
    expect(page.locator("#cover")).to_be_visible()
    assert find_faults(page) == []
    page.context.set_offline(False)
    page.context.clear_cookies()
    page.goto(f"{ward.url}/sign-in")
    assert find_faults(page) == []


def test_each_bed_that_is_not_scored_says_so_and_why_and_has_no_number(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    for name in NOT_SCORED:
        tile = page.locator(".tile", has=page.locator("h3", has_text=name)).first
        expect(tile.locator(".unscored-why")).to_contain_text("porque")
        assert tile.locator(".number").count() == 0


def test_the_strip_names_the_gravest_bed_first_and_leads_to_its_tile(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    levels = page.locator("#strip ol li").evaluate_all("rows => rows.map(row => row.className)")
    order = ["critical", "conflict", "unscored", "warning", "data", "risk"]
    assert levels == sorted(levels, key=order.index)
    assert {"critical", "conflict", "unscored", "warning"} <= set(levels)
    page.locator("#strip a").first.press("Enter")
    expect(page.locator(".tile:target")).to_be_in_viewport()


def test_a_keyboard_alone_reaches_a_bed_and_the_way_out(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    seen = []
    for _step in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
        if seen[-1][0] == "UCI-12":
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(ward.bed("UCI-12"))
    assert {outline for text, outline in seen if text} == {"solid"}
    assert "Cerrar sesión" in [text for text, _outline in seen]


def test_a_poll_keeps_the_place_of_the_keyboard(page: Page, ward: Ward) -> None:
    page.clock.install()
    page.goto(f"{ward.url}/ward")
    link = page.locator(".tile h3 a").nth(2)
    link.focus()
    ward.app.extensions["fcv-ward-parts"].key = ()  # the next poll finds all drawn anew
    page.evaluate("document.getElementById('live').dataset.tag = 'old'")
    with page.expect_response("**/ward/beds*"):
        page.clock.fast_forward(15_000)
    expect(page.locator(".tile h3 a").nth(2)).to_be_focused()


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True)
def test_without_script_the_page_shows_all_beds_and_is_told_to_ask_again(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    assert page.locator(".tile").count() >= 12
    expect(page.locator("noscript meta")).to_have_attribute("content", "15")


def test_the_switch_changes_the_language_and_stays(page: Page, ward: Ward) -> None:
    page.goto(f"{ward.url}/ward")
    for language in reversed(LANGUAGES):
        page.locator("a.switch").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto(f"{ward.url}/ward")
        expect(page.locator("html")).to_have_attribute("lang", language)


# What others can do ---------------------------------------------------------------------------------------------------


def test_two_tabs_are_one_session_and_both_end_with_it(browser: Browser, ward: Ward) -> None:
    with browser.new_context(locale="es-CO") as window:  # of its own: a sign-in ends the session before it
        one, other = window.new_page(), window.new_page()
        sign_in(one, ward.url, "marta")
        other.clock.install()
        other.goto(f"{ward.url}/ward")
        expect(other.locator(".who")).to_contain_text("marta")
        one.goto(f"{ward.url}/ward")
        one.locator("form[action$=sign-out] button").click()
        other.clock.fast_forward(15_000)
        expect(other.locator("#cover")).to_be_visible()
        expect(other.locator("#cover")).to_contain_text("La sesión expiró", use_inner_text=True)


def test_after_the_sign_out_the_way_back_shows_no_bed(browser: Browser, ward: Ward) -> None:
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, ward.url, "rita")
        page.goto(f"{ward.url}/ward")
        page.goto(ward.bed("UCI-01"))
        page.locator("form[action$=sign-out] button").click()
        expect(page.locator("#password")).to_be_visible()
        for _step in range(2):
            page.go_back()
            expect(page.locator("#password")).to_be_visible()
            assert page.locator(".tile, .bed-now").count() == 0


def test_a_wrong_password_signs_nobody_in_and_says_so(browser: Browser, ward: Ward) -> None:
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, ward.url, "eva", PASSWORD + "!")
        expect(page.get_by_role("alert")).to_be_visible()
        page.goto(f"{ward.url}/ward")
        expect(page).to_have_url(f"{ward.url}/sign-in?next=/ward")
