"""`fcv db restore`: the backup serves, verified; no token and no disabled account comes back with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings, MakeToken
from flask import Flask
from flask.testing import FlaskClient
from postgres import Server, cluster, new_database
from recorded import PREDICTION, append
from sqlalchemy import text

from fcv_api import accounts, activations, heads_log
from fcv_api.accounts import Role
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.app import create_app, database_app
from fcv_api.cli import main
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.ledger import chain, heads, query
from fcv_api.ledger.heads import publish_head
from fcv_api.ledger.published import read_logs
from fcv_api.ledger.query import Wanted
from fcv_api.settings import Settings

PASSWORD = "correct horse battery"


def fcv(*words: str | Path, **env: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=env)


@pytest.fixture
def heads_file(settings: Settings) -> Iterator[Path]:
    """Publish heads as the service does."""
    heads_log.open_log(settings.log_dir)
    yield settings.log_dir / "heads.log"
    heads.log.handlers[0].close()
    heads.log.handlers.clear()


@pytest.fixture
def backup(app: Flask, heads_file: Path, tmp_path: Path) -> Path:
    """Make a backup of 4 records, after which 6 more are recorded and published."""
    assert app
    assert not heads_file.exists() or heads_file.stat().st_size == 0
    accounts.create_user("eva", PASSWORD, role=Role.CLIENT, min_length=8)
    append([PREDICTION] * 4, perf_counter())
    publish_head()
    assert fcv("db", "backup", tmp_path / "backup.db").exit_code == 0
    append([PREDICTION] * 6, perf_counter())
    publish_head(at_once=True)
    return tmp_path / "backup.db"


def restored(file: Path) -> str:
    """Restore, and give what the command printed."""
    db.engine.dispose()
    done = fcv("db", "restore", file, "--yes")
    assert done.exit_code == 0, done.output
    return done.output


def test_the_backup_takes_the_databases_place_and_the_one_that_was_there_is_kept(backup: Path, tmp_path: Path) -> None:
    told = restored(backup)
    assert "1 accounts, 4 records, whole." in told
    (kept,) = tmp_path.glob("fcv.db.before-*Z")
    assert str(kept) in told
    assert not list(tmp_path.glob("fcv.db.restoring*"))
    assert (tmp_path / "fcv.db").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM predictions").fetchone() == (10,)


def test_what_was_lost_is_told_by_the_published_heads(backup: Path, tmp_path: Path) -> None:
    for file in tmp_path.glob("fcv.db*"):
        file.unlink()
    told = restored(backup)
    assert "Lost: records 5 to 10, of up to 20" in told
    assert "which were published." in told
    assert "There was no database before." in told


def test_the_record_goes_on_and_verifies_with_the_logs_of_before_and_after(backup: Path, heads_file: Path) -> None:
    restored(backup)
    published = read_logs([heads_file])
    assert (published.restored[0].last.seq, published.restored[0].lost[-1].seq) == (4, 10)
    assert fcv("ledger", "verify", "--log", heads_file).exit_code == 0
    watch = create_app(Settings.from_environment(dotenv=None)).extensions["file_watch"]
    assert watch.file.problem == ""


def test_numbers_that_are_given_anew_are_no_false_alarm(backup: Path, app: Flask, heads_file: Path) -> None:
    restored(backup)
    watch = app.extensions["file_watch"]
    watch.look()
    assert watch.file.problem == ""
    append([PREDICTION] * 6, perf_counter())
    publish_head(at_once=True)
    assert chain.verify(read_logs([heads_file])).head.seq == 10
    assert "2 published heads fit" in fcv("ledger", "verify", "--log", heads_file).output


def test_every_token_that_was_issued_before_is_dead(
    backup: Path, http: FlaskClient, make_token: MakeToken, app: Flask
) -> None:
    before = {"Authorization": f"Bearer {token_for(accounts.list_users()[0])}"}
    lost = make_token("lost")  # an account that the backup does not have
    for _ in range(3):
        accounts.set_password("eva", PASSWORD, min_length=8)
    since = {"Authorization": f"Bearer {token_for(accounts.list_users()[0])}"}
    restored(backup)
    app.extensions["file_watch"].look()
    assert make_token("lost") != lost
    assert [http.get("/", headers=each).status_code for each in (before, since, lost)] == [401, 401, 401]
    answer = http.post("/auth/token", json={"username": "eva", "password": PASSWORD})
    assert http.get("/", headers={"Authorization": f"Bearer {answer.get_json()['access_token']}"}).status_code == 200


def test_two_restores_of_one_backup_give_two_generations(backup: Path, app: Flask) -> None:
    found = []
    for _ in range(2):
        restored(backup)
        app.extensions["file_watch"].look()
        found.append(accounts.list_users()[0].token_generation)
    assert found[0] + 2**16 <= found[1]


@pytest.mark.parametrize("known_by", ["security.log", "the database that was there"])
def test_an_account_that_was_disabled_after_the_backup_is_disabled_again(
    backup: Path, app: Flask, tmp_path: Path, settings: Settings, known_by: str
) -> None:
    assert fcv("users", "disable", "eva").exit_code == 0
    db.engine.dispose()
    if known_by == "security.log":
        for file in tmp_path.glob("fcv.db*"):
            file.unlink()
    else:
        (settings.log_dir / "security.log").unlink()
    told = restored(backup)
    assert "Disabled again, for they were disabled after the backup: eva." in told
    assert ("No security.log tells" in told) == (known_by != "security.log")
    app.extensions["file_watch"].look()
    assert not accounts.list_users()[0].is_active


def test_the_last_word_on_an_account_counts_and_a_changed_password_is_told(backup: Path, app: Flask) -> None:
    for change in ("disable", "enable"):
        assert fcv("users", change, "eva").exit_code == 0
    (Path(backup).parent / "new").write_text("another password")
    assert fcv("users", "passwd", "eva", "--password-file", Path(backup).parent / "new").exit_code == 0
    told = restored(backup)
    assert "Their passwords are the old ones again, change them: eva." in told
    assert "Disabled again" not in told
    app.extensions["file_watch"].look()
    assert accounts.list_users()[0].is_active


def spoil_a_record(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE predictions SET state = 'none' WHERE seq = 2")


def write_words(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("spoil", [spoil_a_record, write_words])
def test_a_backup_that_is_not_whole_is_not_restored(
    backup: Path, tmp_path: Path, heads_file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(backup)
    before = (tmp_path / "fcv.db").stat().st_ino
    done = fcv("db", "restore", backup, "--yes")
    assert (done.exit_code, "othing was restored" in done.output) == (1, True)
    assert (tmp_path / "fcv.db").stat().st_ino == before
    assert len(list(query.stream(Wanted()))) == 10
    assert read_logs([heads_file]).restored == ()


def test_a_backup_of_another_record_is_not_restored(backup: Path, make_settings: MakeSettings, tmp_path: Path) -> None:
    other = make_settings(DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}")
    migrate_database(other)
    with create_app(other).app_context():
        append([PREDICTION._replace(encounter=1)] * 20, perf_counter())
        db.engine.dispose()
    make_settings(DATABASE_URL=f"sqlite:///{tmp_path / 'fcv.db'}")
    assert backup.exists()
    done = fcv("db", "restore", tmp_path / "other.db", "--yes")
    assert (done.exit_code, "BROKEN. Record 4 is not the one whose hash was published" in done.output) == (1, True)


def test_it_asks_first_and_is_told_in_the_security_log(backup: Path, settings: Settings, tmp_path: Path) -> None:
    before = (tmp_path / "fcv.db").stat().st_ino
    assert fcv("db", "restore", backup).exit_code == 1
    assert (tmp_path / "fcv.db").stat().st_ino == before
    restored(backup)
    last = json.loads((settings.log_dir / "security.log").read_text().splitlines()[-1])
    assert (last["event"], last["records"], last["up_to"]) == ("database-restored", 4, 4)


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a PostgreSQL with its programs."""
    with cluster() as server:
        yield server


def test_a_dump_of_postgresql_takes_the_tables_place(
    server: Server, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    to = ["--host=127.0.0.1", f"--port={server.port}", "--username=fcv"]
    server.run("createdb", *to, "fcv")
    settings = make_settings(DATABASE_URL=f"{server.url}/fcv")
    migrate_database(settings)
    app = create_app(settings)
    dump = server.place / "fcv.dump"
    with app.app_context(), heads_log.opened(settings.log_dir):
        account = accounts.create_user("eva", PASSWORD, role=Role.CLIENT, min_length=8)
        append([PREDICTION] * 4, perf_counter())
        server.run("pg_dump", "--format=custom", f"--file={dump}", *to, "fcv")
        append([PREDICTION] * 6, perf_counter())
        publish_head()
        accounts.set_active("eva", active=False)
        db.engine.dispose()
    monkeypatch.setenv("PATH", str(server.programs), prepend=":")
    (tmp_path / "no.dump").write_text("no dump")
    refused = fcv("db", "restore", tmp_path / "no.dump", "--yes")
    assert (refused.exit_code, "Nothing was restored" in refused.output) == (1, True)
    assert "10 records, from 1 to 10," in fcv("ledger", "verify").output
    assert fcv("db", "restore", "--yes").exit_code == 2
    told = fcv("db", "restore", dump, "--yes").output
    assert "1 accounts, 4 records, whole." in told
    assert "Lost: records 5 to 10, of up to 20" in told
    assert "Disabled again, for they were disabled after the backup: eva." in told
    assert fcv("ledger", "verify", "--log", settings.log_dir / "heads.log").exit_code == 0
    with app.app_context():
        with db.engine.connect() as connection:
            found = connection.scalar(text("SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'before_2%'"))
        (now,) = accounts.list_users()
        raised = now.token_generation > account.token_generation + 2**16
        assert (found, now.is_active, raised) == (1, False, True)
        assert append([PREDICTION], perf_counter())[0].seq == 5
        db.engine.dispose()
    assert "1 accounts, 5 records, whole." in fcv("db", "restore", "--in-place", "--yes").output
    with app.app_context():
        assert accounts.list_users()[0].token_generation >= now.token_generation + 2**16
        db.engine.dispose()


def test_a_dump_is_not_restored_under_a_service_that_runs(postgres: str, make_settings: MakeSettings) -> None:
    settings = make_settings(DATABASE_URL=new_database(postgres))
    migrate_database(settings)
    with database_app(settings).app_context():
        activations.report(activations.Worker("icu1", 7, "m", "1", "a" * 64, 0, ""))
        db.engine.dispose()
    (settings.log_dir.parent / "a.dump").touch()
    done = fcv("db", "restore", settings.log_dir.parent / "a.dump", "--yes")
    assert "The service runs: 1 workers were seen in the last 60 s, such as icu1:7." in done.output
