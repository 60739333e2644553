"""Which file may be used: whole, migrated, and with what was published; or one that a restore put there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

import pytest
from conftest import ON_POSTGRESQL, MakeSettings
from flask import Flask
from recorded import PREDICTION, append
from sqlalchemy.exc import OperationalError

from fcv_api import heads_log
from fcv_api.app import create_app
from fcv_api.extensions import db
from fcv_api.ledger import query
from fcv_api.ledger.database_file import FileWatch
from fcv_api.ledger.heads import announce_restore, log, publish_head
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Link
from fcv_api.settings import Settings

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="it is SQLite's file that is looked at")


@pytest.fixture
def watch(app: Flask, settings: Settings) -> Iterator[FileWatch]:
    """Give the watch of a service that has published two records, and recorded two more."""
    heads_log.open_log(settings.log_dir)
    append([PREDICTION] * 2, perf_counter())
    publish_head()
    watch: FileWatch = app.extensions["file_watch"]
    copy(watch.file.path, settings.log_dir / "older.db")
    append([PREDICTION] * 2, perf_counter())
    watch.look()
    yield watch
    log.handlers[0].close()
    log.handlers.clear()


def copy(file: Path, target: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as made:
        source.backup(made)


def replace(watch: FileWatch) -> None:
    """Put the older copy there."""
    db.engine.dispose()
    (watch.log_dir / "older.db").replace(watch.file.path)
    for suffix in ("-wal", "-shm"):
        Path(f"{watch.file.path}{suffix}").unlink(missing_ok=True)


def records() -> int:
    return len(list(query.stream(Wanted())))


def test_another_file_is_not_even_opened_until_it_was_looked_at(watch: FileWatch) -> None:
    replace(watch)
    with pytest.raises(OperationalError):
        records()
    assert not Path(f"{watch.file.path}-wal").exists()


def test_a_file_that_lacks_what_this_process_saw_is_refused_though_no_log_says_so(watch: FileWatch) -> None:
    replace(watch)
    watch.look()
    assert "lacks record 4 " in watch.file.problem
    with pytest.raises(OperationalError, match="lacks record 4"):
        records()


def test_a_file_that_lacks_what_a_log_says_is_refused_by_a_process_that_saw_nothing(watch: FileWatch) -> None:
    publish_head(at_once=True)
    replace(watch)
    watch.newest = None
    watch.look()
    assert "lacks record 4 " in watch.file.problem


def test_a_file_that_a_restore_has_marked_is_used(watch: FileWatch) -> None:
    publish_head(at_once=True)
    second = list(query.stream(Wanted()))[1]
    replace(watch)
    announce_restore(Link(2, second.hash))
    watch.look()
    assert (watch.file.problem, records()) == ("", 2)
    append([PREDICTION], perf_counter())
    watch.look()
    assert watch.newest
    assert watch.newest.seq == 3


def test_a_file_that_was_moved_away_and_back_is_used(watch: FileWatch) -> None:
    kept = watch.file.path.rename(watch.log_dir / "kept.db")
    watch.look()
    assert "is not there" in watch.file.problem
    kept.rename(watch.file.path)
    watch.look()
    assert (watch.file.problem, records()) == ("", 4)


def test_no_other_file_gets_the_known_ones_place_by_its_inode(watch: FileWatch) -> None:
    known = watch.file.known
    db.engine.dispose()
    for _ in range(20):
        watch.file.path.unlink()
        watch.file.path.touch()
        assert watch.file.identity() != known


@pytest.mark.parametrize(("env", "problem"), [("production", "lacks record 4 "), ("development", "")])
def test_at_a_start_production_uses_no_file_that_lacks_what_was_published(
    watch: FileWatch, make_settings: MakeSettings, env: str, problem: str
) -> None:
    publish_head(at_once=True)
    replace(watch)
    settings = make_settings(ENV=env, ALLOW_UNVALIDATED_MODEL="1")
    found = create_app(settings).extensions["file_watch"].file.problem
    assert (problem in found, bool(found)) == (True, bool(problem))
