"""Migrations: a new database, and one that the thesis' service left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import bcrypt
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from conftest import MakeSettings
from flask import Flask

from fcv_api import accounts
from fcv_api.app import create_app, database_app
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.settings import Settings

OLD_USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR UNIQUE, hashed_password VARCHAR)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the file of the test's database."""
    return tmp_path / "fcv.db"


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as connection, connection:
        yield connection


def old_database(file: Path, table: str = OLD_USERS, *rows: tuple[object, ...]) -> None:
    with opened(file) as connection:
        connection.execute(table)
        connection.execute("CREATE TABLE todos (id INTEGER PRIMARY KEY, title VARCHAR)")
        connection.execute("INSERT INTO todos VALUES (1, 'keep me')")
        for row in rows:
            connection.execute(f"INSERT INTO users VALUES ({', '.join('?' * len(row))})", row)


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, prefix=b"2b")).decode()


def dump(file: Path) -> list[str]:
    with opened(file) as connection:
        return list(connection.iterdump())


def test_a_new_database_has_the_tables_that_the_code_expects(settings: Settings) -> None:
    migrate_database(settings)
    with database_app(settings).app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_migrating_twice_changes_nothing(settings: Settings, file: Path) -> None:
    migrate_database(settings)
    once = dump(file)
    migrate_database(settings)
    assert dump(file) == once


def test_users_of_an_older_database_sign_in_as_clients(settings: Settings, file: Path) -> None:
    old_database(file, OLD_USERS, (3, "ana", hashed("old password")), (9, "josé", hashed("otra clave")))
    migrate_database(settings)
    app: Flask = create_app(settings)
    answer = app.test_client().post("/auth/token", data={"username": "josé", "password": "otra clave"})
    assert answer.status_code == 200
    with app.app_context():
        assert [(user.id, user.username, user.role) for user in accounts.list_users()] == [
            (3, "ana", "client"),
            (9, "josé", "client"),
        ]


def test_nothing_of_an_older_database_is_lost(settings: Settings, file: Path) -> None:
    password = hashed("old password")
    old_database(file, OLD_USERS, (3, "ana", password), (4, None, None))
    migrate_database(settings)
    migrate_database(settings)
    with opened(file) as connection:
        rows = connection.execute("SELECT id, username, hashed_password FROM users ORDER BY id").fetchall()
        assert rows == [(3, "ana", password), (4, None, None)]
        assert connection.execute("SELECT title FROM todos").fetchall() == [("keep me",)]


def test_a_role_of_another_service_gives_no_rights_here(settings: Settings, file: Path) -> None:
    table = OLD_USERS.replace(")", ", role VARCHAR, is_active BOOLEAN)")
    old_database(file, table, (1, "root", hashed("old password"), "admin", None))
    migrate_database(settings)
    with database_app(settings).app_context():
        (user,) = accounts.list_users()
        assert (user.role, user.is_active) == ("client", True)


def test_names_become_unique_where_they_were_not(settings: Settings, file: Path) -> None:
    old_database(file, OLD_USERS.replace(" UNIQUE", ""), (1, "ana", "x"))
    migrate_database(settings)
    with opened(file) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO users (username, hashed_password) VALUES ('ana', 'y')")


@pytest.mark.parametrize(
    ("table", "rows", "reason"),
    [
        ("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR)", [], "lacks hashed_password, username"),
        (OLD_USERS.replace(" UNIQUE", ""), [(1, "ana", "x"), (2, "ana", "y")], "more than once"),
    ],
    ids=["other columns", "double names"],
)
def test_a_table_that_cannot_be_adopted_is_left_as_it_was(
    settings: Settings, file: Path, table: str, rows: list[tuple[object, ...]], reason: str
) -> None:
    old_database(file, table, *rows)
    before = dump(file)
    with pytest.raises(CommandError, match=reason):
        migrate_database(settings)
    assert dump(file) == before


def test_every_migration_leads_to_one_head(make_settings: MakeSettings, root: Path) -> None:
    make_settings()
    versions = sorted(path.stem for path in (root / "migrations" / "versions").glob("*.py"))
    assert versions == [
        "0001_accounts",
        "0002_activations",
        "0003_predictions",
        "0004_replies",
        "0005_sign_ins",
        "0006_observations",
        "0007_turns",
        "0008_ward_seen",
        "0009_outcomes",
        "0010_alerts",
        "0011_directory",
    ]
