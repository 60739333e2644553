"""One made-up ward, one service and one browser for all tests of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from visits import CHROMIUM, Ward, launched, opened_ward

OWN_FAULT = re.compile(r"(?!Framing ).*Content Security Policy", re.DOTALL)
"""A page that broke its own policy. Another site's that framed it says so, too."""
PATIENCE = 30_000
"""Milliseconds, for what a busy machine shows late."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium once."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    expect.set_options(timeout=PATIENCE)
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Ward]:
    """Serve 12 beds with scores, by a model that is attested, and sign a clinician in."""
    with opened_ward(tmp_path_factory.mktemp("ward"), browser, hours=2) as served_ward:
        yield served_ward


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
    opened.on("console", lambda said: broken.append(said.text) if OWN_FAULT.match(said.text) else None)
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    assert broken == []
