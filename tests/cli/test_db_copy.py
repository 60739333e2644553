"""`fcv db copy`: from SQLite to PostgreSQL and back, all or nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import PASSWORD, MakeSettings
from flask.testing import FlaskClient
from force import TEXT, enforce
from postgres import new_database
from recorded import PREDICTION, REFUSAL, append
from sqlalchemy import Row, select, text

from fcv_api import accounts, activations
from fcv_api.accounts import Role
from fcv_api.app import create_app, database_app
from fcv_api.cli import db_copy, main
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db, write_transaction
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import stays as feed_stays
from fcv_api.ledger import chain, heads, retention
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry
from fcv_api.settings import Settings
from fcv_api.wire.example import example_request

Database = Callable[[str], Settings]
DIRECTIONS = pytest.mark.parametrize(("one", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])


@pytest.fixture
def database(make_settings: MakeSettings, postgres: str, tmp_path: Path) -> Database:
    """Give the settings of a new database of a kind."""

    def make(kind: str) -> Settings:
        url = new_database(postgres) if kind == "postgresql" else f"sqlite:///{tmp_path / f'{kind}.db'}"
        return make_settings(DATABASE_URL=url)

    return make


@contextmanager
def opened(settings: Settings) -> Iterator[None]:
    with database_app(settings).app_context():
        yield
        db.engine.dispose()


def fcv(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"FCV_DATABASE_URL": str.__str__(settings.database_url)})


def copy(one: Settings, other: Settings, *options: str) -> Result:
    return fcv(one, "db", "copy", "--to", str.__str__(other.database_url), *options)


def adopt(settings: Settings) -> None:
    """Leave a user of the thesis' service, the seventh, and migrate."""
    with opened(settings), write_transaction() as session:
        number = "SERIAL" if db.engine.dialect.name == "postgresql" else "INTEGER"
        columns = f"id {number} PRIMARY KEY, username VARCHAR UNIQUE, hashed_password VARCHAR"
        session.execute(text(f"CREATE TABLE users ({columns})"))
        for name in ("a", "b", "c", "d", "e", "f", "josé"):
            session.execute(text(f"INSERT INTO users (username, hashed_password) VALUES ('{name}', '$2b$12$x')"))
        session.execute(text("DELETE FROM users WHERE id < 7"))
    migrate_database(settings)


def use(settings: Settings) -> None:
    """Do all that writes to the database."""
    http: FlaskClient = create_app(settings).test_client()
    with http.application.app_context():
        admin = accounts.create_user("ana", PASSWORD, role=Role.ADMIN, min_length=8) if _adopted() else None
        assert admin
        header = {"Authorization": f"Bearer {http.post('/auth/token', data=SIGN_IN).json['access_token']}"}  # type: ignore[index]
        enforce(TEXT.replace("0.3", "0.001"), Registry(SHIPPED_IN).artifact(SHIPPED).manifest.sha256)
        for encounter in range(5):
            keyed = header | {"Idempotency-Key": f"key-{encounter}"}
            assert http.post("/predict", json=example_request() | {"idAtencion": encounter}, headers=keyed).json
        rows = {"idAtencion": [5501] * 2, "nomSigno": ["MDC_TEMP"] * 2, "valor": [36.5, None], "estado": ["F", "D"]}
        times = [f"{datetime.now(UTC) - timedelta(minutes=minute)}" for minute in range(2)]
        taken = http.post("/observations", json=rows | {"fecRegistro": times, "cama": ["A", "A"]}, headers=header)
        assert taken.json["results"][0]["deleted"] == 1  # type: ignore[index]
        with write_cursor() as cursor:
            feed_stays.unnamed(cursor, "api:ana", [("B", 1)])
            run(cursor, "INSERT INTO turns (encounter, last_slot) VALUES (?, ?)", 5501, 300_000_000)
        for _ in range(30):  # PostgreSQL ends a transaction that a busy machine leaves idle
            append([PREDICTION, REFUSAL] * 20, perf_counter())
        retention.purge(retention.Purge(3, 3, datetime.now(UTC)), "ana")
        assert heads.publish_head()
        append([REFUSAL], perf_counter())
        assert http.post("/auth/logout", headers=header).status_code == 204
        accounts.create_user("bea", PASSWORD, role=Role.CLIENT, min_length=8)
        accounts.set_active("bea", active=False)
        model = activations.ModelCopy("m", "1.0.0", "a" * 64, "b" * 64, b"{\0}", bytes(range(256)) * 50)
        for reason in ("first", "again", "ñ"):
            activations.activate(model, "ana", reason)
        db.engine.dispose()


SIGN_IN = {"username": "ana", "password": PASSWORD}


def _adopted() -> bool:
    return [each.username for each in accounts.list_users()] == ["josé"]


def contents(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    def cells(row: Row[Any]) -> dict[str, Any]:
        return {name: db_copy._in_utc(value) for name, value in row._mapping.items()}  # noqa: SLF001

    with opened(settings), db.engine.connect() as connection:
        return {
            table.name: [cells(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in db.metadata.sorted_tables
        }


@DIRECTIONS
def test_all_comes_along_the_record_verifies_and_replays_there_and_the_service_goes_on(
    database: Database, one: str, other: str
) -> None:
    source, target = database(one), database(other)
    adopt(source)
    use(source)
    done = copy(source, target)
    assert done.exit_code == 0, done.output
    there = contents(target)
    assert there == contents(source)
    assert {name: len(rows) for name, rows in there.items() if rows and name != "workers"} == {
        "alert_events": 5,
        "alerts": 5,
        "policies": 1,
        "policy_activations": 1,
        "ledger_checkpoints": 1,
        "ledger_heads": 1,
        "models": 1,
        "predictions": 1203,
        "replies": 5,
        "revoked_tokens": 1,
        "users": 3,
        "activations": 3,
        "stays": 1,
        "placements": len(there["placements"]),  # two, where a slot of five minutes ended between the rows
        "observations": 2,
        "unnamed_beds": 1,
        "turns": 1,
        "feed_sources": 1,
        "feed_arrivals": 1,
    }
    assert "1,203 records, from 4 to 1206, are as they were recorded." in fcv(target, "ledger", "verify").output
    record_id = there["predictions"][1]["id"]
    assert "equal" in fcv(target, "ledger", "replay", record_id).output
    assert fcv(target, "ledger", "export", "-").output == fcv(source, "ledger", "export", "-").output
    with opened(target):
        assert accounts.create_user("zoe", PASSWORD, role=Role.CLIENT, min_length=8).id == 10
        assert append([PREDICTION], perf_counter())[0].seq == 1207
        assert activations.activate(activations.ModelCopy("m", "2", "c" * 64, "d" * 64, b"", b""), "ana", "") == 4
        assert chain.verify().count == 1204
        assert accounts.claim("ana").proven_by(PASSWORD)


def test_times_are_the_same_whatever_zone_the_server_has(database: Database) -> None:
    source, target, back = database("sqlite"), database("postgresql"), database("back")
    migrate_database(source)
    with opened(source):
        accounts.create_user("ana", PASSWORD, role=Role.CLIENT, min_length=8)
    with opened(target), db.engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {db.engine.url.database} SET TimeZone = 'America/Bogota'"))
    assert (copy(source, target).exit_code, copy(target, back).exit_code) == (0, 0)
    listed = [fcv(each, "users", "list").output for each in (source, target, back)]
    assert f"{datetime.now(UTC):%Y-%m-%d %H}" in listed[0]
    assert listed == [listed[0]] * 3


@pytest.mark.parametrize(
    ("statement", "held"),
    [
        ("CREATE TABLE other (id INTEGER)", "other"),
        ("INSERT INTO revoked_tokens VALUES ('x', '2030-01-01')", "revoked_tokens (1 rows)"),
    ],
)
def test_a_target_that_holds_anything_is_refused_and_left_as_it_was(
    database: Database, statement: str, held: str
) -> None:
    source, target = database("source"), database("postgresql")
    migrate_database(source)
    migrate_database(target)
    with opened(target), write_transaction() as session:
        session.execute(text(statement))
    before = contents(target)
    refused = copy(source, target)
    assert refused.exit_code == 1
    assert f"is not empty: it holds {held}." in refused.output
    assert contents(target) == before


def test_a_database_that_cannot_be_adopted_is_not_migrated_first(database: Database) -> None:
    source, target = database("source"), database("sqlite")
    migrate_database(source)
    with opened(target), write_transaction() as session:
        session.execute(text("CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR, hashed_password VARCHAR)"))
        session.execute(text("INSERT INTO users VALUES (1, 'ana', 'x')"))
    assert "users (1 rows)" in copy(source, target).output
    with opened(target), db.engine.connect() as connection:
        assert not db.inspect(connection).has_table("predictions")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_does_not_fit_or_verify_leaves_nothing_behind_and_quotes_no_row(database: Database, kind: str) -> None:
    source, target = database("source"), database(kind)
    migrate_database(source)
    with opened(source):
        append([PREDICTION, REFUSAL], perf_counter())
        with write_transaction() as session:
            session.execute(text("UPDATE predictions SET state = 'Zacarias' WHERE seq = 1"))
    broken = copy(source, target).output
    assert "Nothing was copied, because the record does not verify: Record 1 " in broken
    assert not any(contents(target).values())


def test_a_user_without_a_name_is_told_by_its_table(database: Database) -> None:
    source, target = database("sqlite"), database("postgresql")
    adopt(source)
    with opened(source), write_transaction() as session:
        session.execute(text("INSERT INTO users (id, hashed_password) VALUES (8, 'Zacarias')"))
    told = copy(source, target).output
    assert "Nothing was copied: users: null value in column" in told
    assert "Zacarias" not in told
    assert not any(contents(target).values())


def test_a_running_service_is_told_unless_it_is_a_trial(database: Database) -> None:
    source, target = database("source"), database("target")
    migrate_database(source)
    with opened(source):
        activations.report(activations.Worker("icu1", 5, "m", "1.0.0", "a" * 64, 0, ""))
    assert "The service runs: 1 workers were seen in the last 60 s, such as icu1:5." in copy(source, target).output
    assert copy(source, target, "--running").exit_code == 0


def test_a_source_without_tables_and_a_target_that_is_the_source_are_refused(database: Database) -> None:
    source = database("source")
    assert "run `fcv db upgrade` first" in copy(source, database("target")).output
    assert "FCV_DATABASE_URL itself" in copy(source, source).output


def test_a_table_of_any_size_takes_memory_for_a_batch(database: Database) -> None:
    import tracemalloc

    source, target = database("source"), database("postgresql")
    migrate_database(source)
    with opened(source):
        append([PREDICTION] * 3000, perf_counter())
    tracemalloc.start()
    assert copy(source, target).exit_code == 0
    assert tracemalloc.get_traced_memory()[1] < 6.5e6  # all 3,000 take 8 MB
    tracemalloc.stop()


def test_all_tables_are_known_before_a_database_is_looked_at() -> None:
    code = "import fcv_api.cli.db_copy; from fcv_api.extensions import db; print(*sorted(db.metadata.tables))"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    modules = ("fcv_api.accounts.issued_tokens", "fcv_api.activations", "fcv_api.feed.tables", "fcv_api.ledger.tables")
    assert [import_module(each) for each in modules]  # as migrations/env.py
    assert alone.stdout.split() == sorted(db.metadata.tables)
