"""`fcv db upgrade`: by several at once, killed in the middle, and on a database of a newer version."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from conftest import BOTH_DATABASES
from forked import begun, ended, migrate_and_die
from sqlalchemy import Engine, create_engine, inspect, text

from fcv_api import accounts
from fcv_api.app import create_app, database_app
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.feed import tables as _tables  # noqa: F401 - compared, too
from fcv_api.settings import Settings

pytestmark = BOTH_DATABASES


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Reach the database past the service."""
    engine = create_engine(str.__str__(settings.database_url))
    yield engine
    engine.dispose()


def is_sound(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(compare_metadata(MigrationContext.configure(connection), db.metadata) == [])


@contextmanager
def somebody_migrates(engine: Engine, folder: Path) -> Iterator[None]:
    """Hold the lock that a migration holds."""
    if engine.dialect.name == "sqlite":
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.close(descriptor)
    else:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(5501)"))
            yield


def test_instances_that_migrate_at_once_wait_for_one_another_and_leave_one_sound_schema(
    engine: Engine, tmp_path: Path, settings: Settings
) -> None:
    with somebody_migrates(engine, tmp_path):
        started = [begun(migrate_database, settings) for _ in range(2)]
        time.sleep(2)
        assert [each.exitcode for each in started] == [None, None]
    assert [ended(each) for each in started] == [0, 0]
    assert is_sound(engine)


def test_a_migration_that_is_killed_in_the_middle_leaves_no_half_schema(engine: Engine, settings: Settings) -> None:
    assert ended(begun(migrate_and_die, settings)) == -signal.SIGKILL
    assert inspect(engine).get_table_names() == []
    migrate_database(settings)
    assert is_sound(engine)


def test_users_of_an_older_database_sign_in_as_clients_and_others_come_after_them(
    engine: Engine, settings: Settings
) -> None:
    number = "SERIAL" if engine.dialect.name == "postgresql" else "INTEGER"
    hashed = bcrypt.hashpw(b"old password", bcrypt.gensalt(4, prefix=b"2b")).decode()
    with engine.begin() as connection:
        connection.execute(
            text(f"CREATE TABLE users (id {number} PRIMARY KEY, username VARCHAR UNIQUE, hashed_password VARCHAR)")
        )
        connection.execute(text("INSERT INTO users (username, hashed_password) VALUES ('ana', :it)"), {"it": hashed})
    migrate_database(settings)
    with create_app(settings).app_context():
        found = accounts.claim("ana").proven_by("old password")
        later = accounts.create_user("bea", "correct horse", role=accounts.Role.CLIENT, min_length=8)
        assert (found and found.id, found and found.role, later.id) == (1, "client", 2)
        db.engine.dispose()


def test_a_version_goes_on_with_a_newer_ones_database_that_has_all_it_needs(
    engine: Engine, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    migrate_database(settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("CREATE TABLE newer (id INTEGER PRIMARY KEY)"))
        connection.execute(text("ALTER TABLE users ADD COLUMN newer INTEGER DEFAULT 0 NOT NULL"))
    migrate_database(settings)
    assert "A newer version has migrated this database (to 9999)" in caplog.text
    with database_app(settings).app_context():
        assert accounts.create_user("ana", "correct horse", role=accounts.Role.CLIENT, min_length=8).id == 1
        db.engine.dispose()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE revoked_tokens", "there is no table revoked_tokens"),
        ("ALTER TABLE users DROP COLUMN role", "users has no role"),
        ("ALTER TABLE models RENAME COLUMN sha256 TO digest", "models has no sha256, models demands digest"),
    ],
)
def test_a_version_refuses_a_newer_ones_database_that_it_cannot_use(
    engine: Engine, settings: Settings, change: str, reason: str
) -> None:
    migrate_database(settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text(change))
    with pytest.raises(CommandError, match=rf"migrated this database \(to 9999\).*{reason}"):
        migrate_database(settings)
