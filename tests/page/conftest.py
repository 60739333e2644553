"""One made-up ward, one service and one browser for all tests of a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from served import served
from visits import Ward, attested_models, sign_in, ward_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync")
PATIENCE = 10_000
"""Milliseconds, for what a busy machine shows late."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium once."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET), chromium_sandbox=False)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Ward]:
    """Serve 12 beds with scores, by a model that is attested, and sign a clinician in."""
    folder = tmp_path_factory.mktemp("ward")
    given = {"MODELS_DIR": str(attested_models(folder / "models")), "WARD_SHOW": "scores"}
    with ward_in(folder, hours=2, **given) as (app, made), served(app) as url:
        with browser.new_context(locale="es-CO") as window:
            page = window.new_page()
            sign_in(page, url, "eva")
            session = window.storage_state()
        yield Ward(url, app, made, folder / "fcv.db", session)


@pytest.fixture
def context(browser: Browser, ward: Ward, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Open a browser's window in which the clinician is signed in: in Spanish, or as a test is parametrized."""
    options = {"locale": "es-CO", "storage_state": ward.session} | getattr(request, "param", {})
    with browser.new_context(**options) as window:
        window.set_default_timeout(PATIENCE)
        yield window


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page that may not break its own policy."""
    broken: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    assert broken == []
