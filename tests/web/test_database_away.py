"""A database that is away, damaged or locked: 503 with Retry-After, never 401, and back without a restart."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from fcv_api import extensions
from fcv_api.extensions import breaker, db

CREDENTIALS = {"username": "ana", "password": "correct horse battery"}
Spoil = Callable[[Path], None]


def drop_users(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE users")


def replace_by_a_directory(file: Path) -> None:
    for each in file.parent.glob("fcv.db*"):
        each.unlink()
    file.mkdir()


def overwrite(file: Path) -> None:
    for each in file.parent.glob("fcv.db*"):
        each.unlink()
    file.write_bytes(b"no database" * 1000)


AWAY = pytest.mark.parametrize("spoil", [drop_users, replace_by_a_directory, overwrite])


@pytest.fixture
def database(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the database's file, and wait for a lock as long as a test can."""
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr(breaker, "PAUSE", 0.0)
    with app.app_context():
        db.engine.dispose()
    return tmp_path / "fcv.db"


def spoilt(database: Path, spoil: Spoil) -> None:
    db.engine.dispose()
    spoil(database)


def unavailable(response: TestResponse) -> bool:
    problem = json.loads(response.data)
    assert response.status_code == 503, problem
    assert (response.content_type, response.headers["Retry-After"]) == ("application/problem+json", "5")
    return bool(problem["type"] == "/problems/database-unavailable")


@AWAY
def test_whoever_has_a_token_is_told_to_come_back(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], database: Path, spoil: Spoil
) -> None:
    spoilt(database, spoil)
    assert unavailable(http.get("/", headers=token))
    assert unavailable(http.post("/predict", json=encounter, headers=token))
    assert unavailable(http.post("/auth/logout", headers=token))


@AWAY
def test_whoever_signs_in_or_registers_is_told_to_come_back(http: FlaskClient, database: Path, spoil: Spoil) -> None:
    spoilt(database, spoil)
    assert unavailable(http.post("/auth/token", json=CREDENTIALS))
    assert unavailable(http.post("/auth/create_user", json=CREDENTIALS))


@AWAY
def test_nobody_is_shown_the_database(
    http: FlaskClient, database: Path, spoil: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt(database, spoil)
    told = http.post("/auth/token", json=CREDENTIALS | {"username": "Zacarias"}).text + caplog.text
    assert "database" in told
    assert not any(word in told for word in ("SELECT", "fcv.db", "hashed_password", "Zacarias", "horse"))


def test_the_service_recovers_without_a_restart(http: FlaskClient, token: dict[str, str], database: Path) -> None:
    kept = database.rename(database.with_name("kept"))
    spoilt(database, Path.mkdir)
    assert unavailable(http.get("/", headers=token))
    database.rmdir()
    kept.rename(database)
    assert http.get("/", headers=token).status_code == 200


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the write lock, as another process would that hangs."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_locked_database_refuses_writers_and_serves_readers(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], database: Path
) -> None:
    with locked(database):
        assert unavailable(http.post("/auth/create_user", json=CREDENTIALS | {"username": "bea"}))
        assert unavailable(http.post("/predict", json=encounter, headers=token))
        assert http.get("/predictions", headers=token).status_code == 200
    assert http.post("/auth/create_user", json=CREDENTIALS | {"username": "bea"}).status_code == 201
    assert http.post("/predict", json=encounter, headers=token).status_code == 200


def test_who_comes_right_after_one_who_waited_in_vain_is_told_at_once(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 1000)
    monkeypatch.setattr(breaker, "PAUSE", 3600.0)
    with locked(database):
        assert unavailable(http.post("/predict", json=encounter, headers=token))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(breaker.Breaker, "settle", None)  # who is refused at once has tried nothing that ends
            assert unavailable(http.post("/predict", json=encounter, headers=token))
    monkeypatch.setattr(breaker, "monotonic", lambda: time.monotonic() + 3601)
    assert http.post("/predict", json=encounter, headers=token).status_code == 200


def test_a_full_disk_gives_no_answer_without_its_record_and_readiness_says_so(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], database: Path
) -> None:
    assert database.exists()

    def no_room(connection: Any, *_more: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(db.engine, "connect", no_room)
    try:
        answers = [http.post("/predict", json=encounter, headers=token) for _ in range(10)]
        assert unavailable(answers[-1])
        kept = http.get("/predictions", headers=token).get_json()["predictions"]
        assert len(kept) == sum(answer.status_code == 200 for answer in answers)
        ready = http.get("/health/ready")
        assert (ready.status_code, ready.get_json()["checks"]["database"]["status"]) == (503, "failed")
    finally:
        event.remove(db.engine, "connect", no_room)
