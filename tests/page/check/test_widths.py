"""Every page at every width, in both languages, with letters of twice the size, and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from looks import find_faults
from measured import Real
from playwright.sync_api import Browser, Page, Route, expect
from visits import LANGUAGES, Ward, opened_ward

pytest_plugins = ["openings", "sixty"]

SIZES: dict[str, Any] = {
    "360": {"viewport": {"width": 360, "height": 740}},
    "768": {"viewport": {"width": 768, "height": 1024}},
    "1280": {"viewport": {"width": 1280, "height": 800}},
    "1920": {"viewport": {"width": 1920, "height": 1080}},
    "1280 at 200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}
PAGES = ("ward", "bed", "opened", "conflict", "door", "display", "missing")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Return each language."""
    return str(request.param)


@pytest.fixture(params=SIZES)
def looking(browser: Browser, ward: Ward, language: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a window of each size."""
    with browser.new_context(locale=language, storage_state=ward.session, **SIZES[request.param]) as window:
        yield window.new_page()


def address_of(ward: Ward, name: str) -> str:
    """Return a page's address."""
    beds = {"bed": "UCI-11", "opened": "UCI-01", "conflict": "UCI-08"}
    if name in beds:
        return ward.bed(beds[name])
    own = {"ward": "/ward", "door": "/sign-in", "display": "/sign-in?display", "missing": "/ward/beds/1"}
    return ward.url + own[name]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_with_a_page(looking: Page, ward: Ward, language: str, name: str) -> None:
    looking.goto(address_of(ward, name))
    if name == "opened":
        looking.locator("#records tbody a").first.click()
        expect(looking.locator("#opened .verdict")).to_be_visible()
    expect(looking.locator("html")).to_have_attribute("lang", language)
    for each in looking.locator("summary").all():
        each.click()
    assert find_faults(looking) == []


@pytest.mark.parametrize("looking", ["360", "1280 at 200 %"], indirect=True)
@pytest.mark.parametrize("name", ["ward", "bed", "door"])
def test_nothing_is_wrong_with_a_page_without_script(looking: Page, ward: Ward, name: str) -> None:
    """A browser without script shows what stands in `noscript`. axe-core is one, so that is done to the page itself."""

    def without_script(route: Route) -> None:
        answer = route.fetch()
        html = re.sub(r"</?noscript>|<script.*?</script>", "", answer.text(), flags=re.DOTALL)
        route.fulfill(response=answer, body=html.replace('<meta http-equiv="refresh"', '<meta name="x-refresh"'))

    looking.route(address_of(ward, name), without_script)
    looking.goto(address_of(ward, name))
    assert looking.evaluate("document.scripts.length") == 0
    assert find_faults(looking) == []


def test_nothing_is_wrong_with_60_beds(browser: Browser, real: Real, language: str) -> None:
    for size in ("360", "1920"):
        with browser.new_context(locale=language, storage_state=real.ward.session, **SIZES[size]) as window:
            page = window.new_page()
            page.goto(f"{real.service.url}/ward")
            assert page.locator(".tile").count() >= 60
            assert find_faults(page) == []


def test_12_beds_fit_on_a_wall(browser: Browser, tmp_path_factory: pytest.TempPathFactory, language: str) -> None:
    with (
        opened_ward(tmp_path_factory.mktemp("wall"), browser) as ward,
        browser.new_context(locale=language, storage_state=ward.session, **SIZES["1920"]) as window,
    ):
        page = window.new_page()
        page.goto(f"{ward.url}/ward")
        below = "() => document.documentElement.scrollHeight - document.documentElement.clientHeight"
        assert page.locator(".tile").count() == 12
        assert page.evaluate(below) == 0
