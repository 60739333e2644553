"""What every test may ask for: the fixtures' files, and a service on a database of its own."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from described import DescribedOnce, builder_of
from flask import Flask
from flask.testing import FlaskClient
from migrated import migrate, migrated_database
from postgres import cluster, drop_database, memory, new_database
from service import Service, commanded
from werkzeug.routing import Rule

from fcv_api import access_log, accounts
from fcv_api.accounts import Account, Role, passwords
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.app import create_app, database_app
from fcv_api.extensions import db, postgresql
from fcv_api.settings import ROOT, Settings
from fcv_api.web import routes
from fcv_api.wire.example import example_request

# What is collected lives as long as the process, and takes a quarter less time when nobody looks for garbage in it.
gc.disable()
# Each process of the tests would start a thread a core for TensorFlow, and the clocks of other tests run out meanwhile.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

# A disk waits for each database that is closed, and for each file that is taken away: a sixth of the time of tests/web.
if (fast := memory()) and not os.statvfs(fast).f_flag & os.ST_NOEXEC:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(fast))

FIXTURES = Path(__file__).parent / "fixtures"
PASSWORD = "correct horse battery"
NOBODYS_CHEAP_HASH = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(4)).decode()
UNTRAINED = {"MODELS_DIR": str(FIXTURES / "models"), "MODEL": "fcv-untrained"}
"""Serve the model whose answers Keras gave in `expected.json`: it has random weights, and scales by the window."""
MakeSettings = Callable[..., Settings]
ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
"""Run every test that does not name its database on PostgreSQL: those of SQLite's file fail then, and should."""


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """Give what pandas, scikit-learn and Keras gave for the golden encounters."""
    content: dict[str, Any] = json.loads((FIXTURES / "expected.json").read_bytes())
    return content


@pytest.fixture
def encounter() -> dict[str, Any]:
    """Give a request that works, to spoil."""
    return example_request()


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at bcrypt's lowest cost, for nobody too: what is tested here is never the cost."""
    monkeypatch.setattr(passwords, "BCRYPT_ROUNDS", 4)
    monkeypatch.setattr(passwords, "NOBODYS_HASH", NOBODYS_CHEAP_HASH)


@pytest.fixture(autouse=True)
def _time_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no writer of the tests' own process be ended for the silence of a busy machine."""
    monkeypatch.setitem(postgresql.SERVING, "idle_in_transaction_session_timeout", "30s")


@pytest.fixture(autouse=True, scope="session")
def _described_once() -> Iterator[None]:
    """Make the OpenAPI document and what builds URLs once a process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(routes, "Api", DescribedOnce)
        patched.setattr(Rule, "_compile_builder", builder_of)
        yield


@pytest.fixture(autouse=True)
def _log_at_its_level() -> Iterator[None]:
    """Leave the log's level as it was: some commands lower their voice in the tests' own process."""
    log = logging.getLogger("fcv_api")
    level = log.level
    yield
    log.setLevel(level)  # never by assignment: the logger remembers what it let pass


@pytest.fixture
def make_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> MakeSettings:
    """Read settings from nothing but what is given, in a folder of the test's own."""
    made: list[str] = []

    def database() -> str:
        if ON_POSTGRESQL:
            made[:] = made or [new_database(request.getfixturevalue("postgres"))]
        return made[0] if made else f"sqlite:///{tmp_path / 'fcv.db'}"

    def make(**given: str) -> Settings:
        own = {
            "DATABASE_URL": database(),
            "JWT_SECRET": "0123456789abcdef" * 4,
            "LOG_DIR": str(tmp_path / "logs"),
            "TIMEZONE": "America/Bogota",
        }
        for name, value in (own | given).items():
            monkeypatch.setenv(f"FCV_{name}", value)
        return Settings.from_environment(dotenv=None)

    return make


MIGRATED = {"app", "empty_database"}
"""Fixtures that need a database with its tables. Other tests get an empty one, and may migrate it."""


@pytest.fixture
def settings(make_settings: MakeSettings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Give settings of development, or those that a test is parametrized with."""
    given = getattr(request, "param", {})
    if given != "postgresql":
        yield make_settings(**given)
        return
    server, is_migrated = request.getfixturevalue("postgres"), MIGRATED & set(request.fixturenames)
    url = migrated_database(server, make_settings()) if is_migrated else new_database(server)
    yield make_settings(DATABASE_URL=url)
    drop_database(url)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of the tests' own, and give the URL of its server."""
    with cluster() as server:
        yield server.url


BOTH_DATABASES = pytest.mark.parametrize("settings", [{}, "postgresql"], indirect=True, ids=["sqlite", "postgresql"])


@pytest.fixture
def log_file(settings: Settings) -> Iterator[Path]:
    """Open the log, and close it after the test."""
    log = logging.getLogger("fcv_api")
    before = log.handlers[:], log.level, log.propagate
    access_log.open_log(settings.log_dir, settings.timezone)
    yield settings.log_dir / "app.log"
    for handler in log.handlers:
        handler.close()
    log.handlers[:], level, log.propagate = before
    log.setLevel(level)


@pytest.fixture
def empty_database(settings: Settings) -> Iterator[None]:
    """Migrate a database, and be in an app that has nothing else."""
    migrate(settings)
    with database_app(settings).app_context():
        yield
        db.engine.dispose()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """Give the service, migrated, with the shipped model."""
    migrate(settings)
    app = create_app(settings)
    with app.app_context():
        yield app
        db.engine.dispose()


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Give a client without a token."""
    return app.test_client()


MakeToken = Callable[..., dict[str, str]]


@pytest.fixture
def make_token(app: Flask) -> MakeToken:  # noqa: ARG001 - the database must be there
    """Make an account and give the header that carries its token."""

    def make(username: str = "ana", role: Role = Role.CLIENT) -> dict[str, str]:
        account: Account = accounts.create_user(username, PASSWORD, role=role, min_length=8)
        return {"Authorization": f"Bearer {token_for(account)}"}

    return make


@pytest.fixture
def token(make_token: MakeToken) -> dict[str, str]:
    """Give the header of a client's token."""
    return make_token()


@pytest.fixture(scope="module")
def few_trees() -> Iterator[None]:
    """Let gradient boosting grow five rounds of trees, where it stands beside a model and it is not asked how well."""
    from fcv_api.training import baselines
    from fcv_api.validation import second_opinions

    grown = baselines.boosting

    def few() -> Any:
        return grown().set_params(max_iter=5)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(baselines, "boosting", few)
        patched.setattr(second_opinions, "MAKERS", (second_opinions.MAKERS[0], (few, second_opinions.ALL)))
        yield


@pytest.fixture(scope="session")
def plain_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a real service as it is by itself, for every test that leaves it so: a start takes seconds."""
    with commanded(tmp_path_factory.mktemp("plain")) as service:
        yield service


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the checkout."""
    return ROOT


SLOWEST = ("e2e", "training", "lstm", "cli", "bulk", "fuzz")
"""Folders whose files take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files, so that no process waits for another at the end."""
    places = {name: place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(FIXTURES.parent).parts[0], len(places)))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what lives as long as the process: it would walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # objects made since: by itself it looks after each 700
    gc.enable()


@pytest.fixture(autouse=True, scope="module")
def _tensorflow_lives_on() -> Iterator[None]:
    """Do the same once TensorFlow is there: it is half a million objects."""
    before = "tensorflow" in sys.modules
    yield
    if not before and "tensorflow" in sys.modules:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Let no test be skipped where everything is installed: CI=true makes a skip a failure."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
    return report  # type: ignore[return-value]
