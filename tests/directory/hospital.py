"""One slapd for all tests of a process, and services that sign in by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conftest import MakeSettings
from flask.testing import FlaskClient
from migrated import migrate
from slapd import SLAPD, Slapd, fill, started

from fcv_api.app import create_app
from fcv_api.directory import asked
from fcv_api.extensions import db
from fcv_api.settings import Settings


@pytest.fixture
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine's slapd answer: what is tested is how long a directory is waited for at one place alone."""
    monkeypatch.setattr(asked, "SECONDS", 60.0)


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Start a slapd of the tests' own, with the hospital in it."""
    if SLAPD is None:
        pytest.skip("needs slapd")
    made = started(tmp_path_factory.mktemp("slapd"))
    try:
        fill(made)
        yield made
    finally:
        made.process.kill()
        made.process.wait()


MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def hospital(slapd: Slapd, make_settings: MakeSettings) -> Iterator[MakeClient]:
    """Make services that sign in by the directory. Whoever asks for one is in its app."""
    with ExitStack() as contexts:

        def make(**given: str) -> FlaskClient:
            settings = make_settings(**slapd.settings(**given))
            migrate(settings)
            app = create_app(settings)
            contexts.enter_context(app.app_context())
            contexts.callback(db.engine.dispose)
            return app.test_client()

        yield make


@pytest.fixture
def settings_of(slapd: Slapd, make_settings: MakeSettings) -> Callable[..., Settings]:
    """Read the settings of a service that signs in by the directory."""
    return lambda **given: make_settings(**slapd.settings(**given))
