"""A ward for tests: an attested model that always answers the same, beds that were fed until now, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Any

import pytest
from browser import Browser, browser_of
from conftest import PASSWORD, MakeSettings
from fakes import FakeModel
from fed import OneModel
from flask import Flask

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.app import create_app
from fcv_api.cli.db import migrate_database
from fcv_api.domain.evidence import Evidence
from fcv_api.domain.observations import Key, Observation, Posted
from fcv_api.domain.prediction import OFFLINE, ModelIdentity
from fcv_api.domain.stays import SLOT
from fcv_api.extensions import db
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.feed.turns import Feed, run_slot
from fcv_api.wire.example import INSTANTS, example_request
from fcv_api.wire.observations import ObservationsSchema

IDENTITY = ModelIdentity("uci", "1", "a" * 64, Evidence.RETROSPECTIVE)
SHOCK, NONE = (0.11, 0.09, 0.07, 0.73), (0.05, 0.06, 0.82, 0.07)
"""By the order of `State`: cardiogenic shock with 73 %, and none of the three."""


MakeWard = Callable[..., Flask]


class Attested(OneModel):
    """Has one model, which a report proves."""

    def __init__(self, outputs: tuple[float, ...] = SHOCK) -> None:
        self.model = FakeModel(outputs, identity=IDENTITY)

    def verify(self) -> None:
        """Find nothing wrong."""

    def problem(self) -> str:
        """Find nothing wrong."""
        return ""


def now() -> int:
    """Return the time in microseconds."""
    return time_ns() // 1000


def slot_now() -> int:
    """Return the end of the last whole slot."""
    return now() // SLOT * SLOT


def request_until(end: int, encounter: int = 5501) -> dict[str, Any]:
    """Return a request whose window ends with a slot."""
    request = example_request()
    last = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=end)
    first = min(request["fecRegistro"].values())
    shift = last - timedelta(minutes=5 * (INSTANTS - 1)) - datetime.fromisoformat(first).replace(tzinfo=UTC)
    times = {
        row: f"{datetime.fromisoformat(text).replace(tzinfo=UTC) + shift:%Y-%m-%dT%H:%M:%SZ}"
        for row, text in request["fecRegistro"].items()
    }
    return request | {"idAtencion": encounter, "fecRegistro": times}


def feed_beds(beds: dict[int, str], source: str = "gateway", more: dict[str, Any] | None = None) -> None:
    """Store a whole window of some encounters, each in its bed. more: columns of a row each."""
    for encounter, bed in beds.items():
        body = request_until(slot_now(), encounter)
        rows = list(body["valor"])
        columns = {"idAtencion": dict.fromkeys(rows, encounter), "cama": dict.fromkeys(rows, bed)}
        read = ObservationsSchema().load(body | columns | (more or {})).observations(UTC)
        store.store(read.posted, Arrival(source, now(), now(), 12))


def correct(encounter: int, bed: str, source: str = "gateway") -> None:
    """Correct the heart rate of the last whole slot."""
    key = Key(147842, slot_now(), "", "MDC_ECG_HEART_RATE")
    posted = Posted(encounter, [Observation(key, "C", 70.0, bed=bed)])
    store.store([posted], Arrival(source, now(), now(), 12))


def score(app: Flask, outputs: tuple[float, ...] = SHOCK) -> None:
    """Score the last whole slot."""
    with app.app_context():
        run_slot(Feed(Attested(outputs), 1, "fake", OFFLINE), slot_now())


def signed_in(app: Flask, role: Role = Role.CLINICIAN, name: str = "ana") -> Browser:
    """Give a browser in which somebody has signed in."""
    accounts.create_user(name, PASSWORD, role=role, min_length=8)
    browser = browser_of(app)
    assert browser.sign_in(username=name, password=PASSWORD).status_code == 303
    return browser


@pytest.fixture
def make_ward(make_settings: MakeSettings) -> Iterator[MakeWard]:
    """Make a service with an attested model, in its context; by settings."""
    contexts = []

    def make(outputs: tuple[float, ...] = SHOCK, **given: str) -> Flask:
        settings = make_settings(**given)
        migrate_database(settings)
        app = create_app(settings, Attested(outputs))
        contexts.append(app.app_context())
        contexts[-1].push()
        return app

    yield make
    for context in contexts:
        db.engine.dispose()
        context.pop()
