"""`fcv db backup`, and PostgreSQL's own: what comes back is what was there, and verifies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings
from flask import Flask
from postgres import Server, cluster
from recorded import PREDICTION, append
from sqlalchemy import text

from fcv_api.app import database_app
from fcv_api.cli import main
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db, write_transaction


def fcv(*words: str | Path, **env: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=env)


def test_a_backup_while_predictions_are_recorded_is_whole(app: Flask, tmp_path: Path) -> None:
    append([PREDICTION] * 100, perf_counter())
    done = threading.Event()

    def write() -> None:
        with app.app_context():
            while not done.is_set():
                append([PREDICTION], perf_counter())

    writer = threading.Thread(target=write)
    writer.start()
    made = fcv("db", "backup", tmp_path / "backup.db")
    done.set()
    writer.join()
    assert made.exit_code == 0, made.output
    assert "0 accounts, 1" in made.output
    assert {file.name for file in tmp_path.glob("backup*")} == {"backup.db"}
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600


def test_a_restored_backup_verifies_and_goes_on(app: Flask, tmp_path: Path) -> None:
    assert app
    append([PREDICTION] * 40, perf_counter())
    assert fcv("db", "backup", tmp_path / "backup.db").exit_code == 0
    append([PREDICTION] * 5, perf_counter())
    db.engine.dispose()
    for file in tmp_path.glob("fcv.db*"):
        file.unlink()
    (tmp_path / "backup.db").rename(tmp_path / "fcv.db")
    assert "40 records, from 1 to 40, are as they were recorded." in fcv("ledger", "verify").output
    app.extensions["file_watch"].look()
    assert append([PREDICTION], perf_counter())[0].seq == 41


def test_a_backup_names_the_key_that_is_not_in_it_and_must_be_kept_too(app: Flask, tmp_path: Path) -> None:
    assert app
    made = fcv("db", "backup", tmp_path / "backup.db", FCV_PSEUDONYM_KEY_FILE="/srv/fcv/pseudonym_key")
    assert "Not in it: /srv/fcv/pseudonym_key, the key of pseudonyms." in made.output


def test_a_backup_never_replaces_a_file(app: Flask, tmp_path: Path) -> None:
    assert app
    (tmp_path / "backup.db").write_text("precious")
    assert "exists already" in fcv("db", "backup", tmp_path / "backup.db").output
    assert (tmp_path / "backup.db").read_text() == "precious"


def test_a_backup_of_a_record_that_was_changed_is_kept_and_says_so(app: Flask, tmp_path: Path) -> None:
    assert app
    append([PREDICTION] * 2, perf_counter())
    with write_transaction() as session:
        session.execute(text("UPDATE predictions SET state = 'none' WHERE seq = 1"))
    made = fcv("db", "backup", tmp_path / "backup.db")
    assert (made.exit_code, (tmp_path / "backup.db").exists()) == (1, True)
    assert "is not as it was recorded: Record 1 " in made.output


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a PostgreSQL with its programs."""
    with cluster() as server:
        yield server


def test_a_dump_of_postgresql_restores_and_verifies(server: Server, make_settings: MakeSettings) -> None:
    """With the commands that docs/backup.md gives, of which `fcv db backup` prints the first."""
    server.run("createdb", *_to(server), "fcv")
    url = f"{server.url}/fcv"
    settings = make_settings(DATABASE_URL=url)
    migrate_database(settings)
    with database_app(settings).app_context():
        append([PREDICTION] * 40, perf_counter())
        db.engine.dispose()
    printed = fcv("db", "backup", server.place / "fcv.dump", FCV_DATABASE_URL=url).output.splitlines()[-1].split()
    server.run(*printed)
    server.run("createdb", *_to(server), "restored")
    server.run("pg_restore", *_to(server), "--dbname=restored", "--exit-on-error", server.place / "fcv.dump")
    verified = fcv("ledger", "verify", FCV_DATABASE_URL=f"{server.url}/restored").output
    assert "40 records, from 1 to 40, are as they were recorded." in verified


def _to(server: Server) -> list[str]:
    return ["--host=127.0.0.1", f"--port={server.port}", "--username=fcv"]
