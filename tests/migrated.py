"""Databases that are migrated once a process and copied for each test: migrating takes thirty times as long."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from postgres import new_database
from sqlalchemy.engine import make_url

from fcv_api.cli.db import migrate_database, sqlite_file
from fcv_api.settings import Settings
from fcv_api.settings.checks import Secret

_FILES: list[bytes] = []
"""What a migrated file of SQLite holds: one, once a test has asked for it."""
_TEMPLATES: dict[str, str] = {}
"""A migrated database by the URL of its PostgreSQL server."""
_COPIES: set[str] = set()
"""URLs of copies of those."""


def migrate(settings: Settings) -> None:
    """Bring a test's database up to date: one that is not there yet by a copy, any other by its migrations."""
    url = str.__str__(settings.database_url)
    file = sqlite_file(make_url(url))
    if file and not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(_migrated_file(settings))
    elif url not in _COPIES:
        migrate_database(settings)


def migrated_database(server: str, settings: Settings) -> str:
    """Make a database that needs no migration on a PostgreSQL server, and return its URL. settings: any."""
    if server not in _TEMPLATES:
        _TEMPLATES[server] = new_database(server)
        migrate_database(replace(settings, database_url=Secret(_TEMPLATES[server])))
    url = new_database(server, _TEMPLATES[server].rpartition("/")[2])
    _COPIES.add(url)
    return url


def _migrated_file(settings: Settings) -> bytes:
    if not _FILES:
        with tempfile.TemporaryDirectory(prefix="fcv-migrated-") as folder:
            file = Path(folder) / "fcv.db"
            migrate_database(replace(settings, database_url=Secret(f"sqlite:///{file}")))
            assert not file.with_name("fcv.db-wal").exists()
            _FILES.append(file.read_bytes())
    return _FILES[0]
