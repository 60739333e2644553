"""One made-up ward, one service and one browser for all tests of the pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_ward
import pytest
from flask import Flask
from made_up_ward import Made
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from served import served

from fcv_api import accounts
from fcv_api.accounts import Role, passwords
from fcv_api.app import create_app, load_models
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.settings import Settings

PASSWORD = "correct horse battery"
PEOPLE = {"eva": Role.CLINICIAN, "rita": Role.READER, "marta": Role.ADMIN, "carlos": Role.CLIENT}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync")
LANGUAGES = ("es", "en")


@dataclass(frozen=True, slots=True)
class Ward:
    """A made-up ward that is served. cookies: of each account that is signed in, as a browser keeps them."""

    url: str
    app: Flask
    made: Made
    cookies: dict[str, Any]

    def bed(self, name: str) -> str:
        """Return the address of a bed's page."""
        return f"{self.url}/ward/beds/{self.made.encounters[name]}"


@contextmanager
def ward_in(folder: Path, beds: int = 12, hours: float = 6, **given: str) -> Iterator[tuple[Flask, Made]]:
    """Make a ward in a database of its own, and give the app that shows it."""
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'fcv.db'}",
        "JWT_SECRET": "0123456789abcdef" * 4,
        "LOG_DIR": str(folder),
        "TIMEZONE": "America/Bogota",
        "FEED": "on",
        "WARD": "on",
        "WARD_SHOW": "scores",
    } | given
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(f"FCV_{name}", value)
        patch.setattr(passwords, "BCRYPT_ROUNDS", 4)
        settings = Settings.from_environment(dotenv=None)
        migrate_database(settings)
        app = create_app(settings)
        with app.app_context():
            made = made_up_ward.fill(load_models(settings, app), made_up_ward.beds(beds), hours)
            for name, role in PEOPLE.items():
                accounts.create_user(name, PASSWORD, role=role, min_length=8)
        yield app, made
        with app.app_context():
            db.engine.dispose()


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
    """Serve 12 beds, and sign a clinician in."""
    with ward_in(tmp_path_factory.mktemp("ward"), hours=2) as (app, made), served(app) as url:
        with browser.new_context() as context:
            page = context.new_page()
            sign_in(page, url, "eva")
            yield Ward(url, app, made, {"eva": context.storage_state()})


@pytest.fixture
def context(browser: Browser, ward: Ward, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Open a browser's window in which the clinician is signed in: in Spanish, or as a test is parametrized."""
    options = {"locale": "es-CO", "storage_state": ward.cookies["eva"]} | getattr(request, "param", {})
    with browser.new_context(**options) as window:
        yield window


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Open a page, and let nothing that it says to the console pass in silence."""
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    return opened


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{url}/sign-in")
    page.fill("#username", name)
    page.fill("#password", password)
    page.click("form.sign-in button")
    page.wait_for_load_state()
