"""A made-up ward that is served in the tests' own process, and people who open its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import made_up_ward
import pytest
from flask import Flask
from made_up_ward import Made
from playwright.sync_api import Browser, Page, sync_playwright
from served import served

from fcv_api import accounts, activations
from fcv_api.accounts import Role, passwords
from fcv_api.app import create_app
from fcv_api.cli.db import migrate_database
from fcv_api.domain.evidence import Evidence
from fcv_api.extensions import db
from fcv_api.feed import process
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.attestation import Attestation
from fcv_api.lstm.registry import SHIPPED_IN
from fcv_api.settings import Settings

PASSWORD = "correct horse battery"
PEOPLE = {"eva": Role.CLINICIAN, "marta": Role.ADMIN, "rita": Role.READER, "carlos": Role.CLIENT}
LANGUAGES = ("es", "en")
MODEL = "fcv-sim/2.0.0"
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first draws pages alone, without the windows of a browser: it takes a third of the processor time."""
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
QUIET = ("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@dataclass(frozen=True, slots=True)
class Ward:
    """A made-up ward that is served. session: of a clinician who is signed in, as a browser keeps it."""

    url: str
    app: Flask
    made: Made
    file: Path
    session: Any

    def bed(self, name: str) -> str:
        """Return the address of a bed's page."""
        return f"{self.url}/ward/beds/{self.made.encounters[name]}"

    def report_feed(self, *, alive: bool = True) -> None:
        """Let what scores the beds report itself now, or have ended."""
        with self.app.app_context():
            report_feed(self.app, alive=alive)


def report_feed(app: Flask, *, alive: bool) -> None:
    """Write, or delete, the report of a process that scores the beds."""
    model = app.extensions["fcv"].models.active().identity
    if alive:
        own = activations.Worker(process.host(), 1, model.name, model.version, model.sha256, 0, "")
        activations.report(own)
    else:
        activations.forget(process.host(), 1)


def attested_models(folder: Path) -> Path:
    """Write the shipped model with an attestation, made up as its patients are, and return the folder of models."""
    shutil.copytree(SHIPPED_IN / MODEL, folder / MODEL)
    manifest = Artifact.load(folder / MODEL).manifest
    claimed = replace(manifest, evidence=Evidence.RETROSPECTIVE)
    word = Attestation(
        "retrospective", claimed.canonical_sha256, "0" * 64, "0" * 64, None, {}, "nobody", manifest.created
    )
    replace(claimed, attestation=word).replace_in(folder / MODEL)
    return folder


@dataclass(frozen=True, slots=True)
class Size:
    """How many beds a ward has, and how many hours of scores."""

    beds: int = 12
    hours: float = 6


def scores(folder: Path) -> dict[str, str]:
    """Return the settings with which scores are shown: a model that is attested, in a folder."""
    return {"MODELS_DIR": str(attested_models(folder / "models")), "WARD_SHOW": "scores", "FEED": "on"}


@contextmanager
def ward_in(folder: Path, size: Size, given: dict[str, str]) -> Iterator[tuple[Flask, Made]]:
    """Make a ward in a database of its own, and give the app that shows it. given: settings."""
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'fcv.db'}",
        "JWT_SECRET": "0123456789abcdef" * 4,
        "LOG_DIR": str(folder),
        "TIMEZONE": "America/Bogota",
        "WARD": "on",
    } | given
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(f"FCV_{name}", value)
        patch.setattr(passwords, "BCRYPT_ROUNDS", 4)
        settings = Settings.from_environment(dotenv=None)
        migrate_database(settings)
        app = create_app(settings)
        with app.app_context():
            made = made_up_ward.fill(app.extensions["fcv"].models, made_up_ward.beds(size.beds), size.hours)
            for name, role in PEOPLE.items():
                accounts.create_user(name, PASSWORD, role=role, min_length=8)
            report_feed(app, alive=True)
    yield app, made  # by then the settings are read, and no other test of this process may see them
    with app.app_context():
        db.engine.dispose()


@contextmanager
def launched() -> Iterator[Browser]:
    """Start Debian's Chromium: Playwright's own cannot be downloaded everywhere."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET), chromium_sandbox=False)
        yield chromium
        chromium.close()


@contextmanager
def opened_ward(folder: Path, browser: Browser, hours: float = 6) -> Iterator[Ward]:
    """Serve 12 beds with scores, by a model that is attested, and sign a clinician in."""
    with ward_in(folder, Size(hours=hours), scores(folder)) as (app, made), served(app) as url:
        with browser.new_context(locale="es-CO") as window:
            sign_in(window.new_page(), url, "eva")
            session = window.storage_state()
        yield Ward(url, app, made, folder / "fcv.db", session)


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{url}/sign-in")
    page.fill("#username", name)
    page.fill("#password", password)
    page.click("form.sign-in button")
    page.wait_for_load_state()
