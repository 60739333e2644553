"""PostgreSQL: no request waits for a server that says nothing, and none is refused for a connection that has ended."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from conftest import MakeSettings
from flask import Flask
from postgres import new_database
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fcv_api.app import database_app
from fcv_api.extensions import breaker, db, postgresql, read_transaction, write_transaction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.extensions.postgresql import connect_arguments


@pytest.fixture
def serving(make_settings: MakeSettings, postgres: str) -> Iterator[Flask]:
    """Bind an empty PostgreSQL as the service does."""
    app = database_app(make_settings(DATABASE_URL=new_database(postgres), THREADS="2"), serving=True)
    with app.app_context():
        yield app
        db.engine.dispose()


def ask(question: str = "SELECT 1") -> object:
    with read_transaction() as connection:
        return connection.scalar(text(question))


def end_all_others() -> None:
    """End all connections of this database but one's own, as a restart of the server does."""
    url = str(db.engine.url.set(drivername="postgresql"))
    with psycopg.connect(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_the_server_has_ended_is_replaced_before_it_is_used(serving: Flask) -> None:
    assert serving
    for _ in range(2):
        assert ask() == 1
        end_all_others()
    assert ask() == 1
    end_all_others()
    with write_cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_writing(question: str) -> None:
    with write_transaction() as session:
        session.execute(text(question))


def ask_the_driver(question: str) -> None:
    with write_cursor() as cursor:
        cursor.execute(question)


@pytest.mark.parametrize("ask_so", [ask, ask_writing, ask_the_driver])
def test_a_server_that_says_nothing_is_waited_for_no_longer_than_a_client_waits(
    serving: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ask_so: Callable[[str], object]
) -> None:
    assert serving
    assert ask() == 1
    monkeypatch.setattr(postgresql, "SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setattr(breaker, "PAUSE", 3600.0)
    began = time.monotonic()
    with pytest.raises(DBAPIError), caplog.at_level(logging.WARNING):
        ask_so("SELECT pg_sleep(60)")
    with pytest.raises(OperationalError, match="a moment ago"):
        ask()
    assert time.monotonic() - began < 30
    monkeypatch.setattr(breaker, "monotonic", lambda: time.monotonic() + 3601)
    assert ask() == 1
    assert caplog.text == ""


def test_a_host_that_takes_connections_and_says_nothing_is_given_up(make_settings: MakeSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://fcv@127.0.0.1:{silent.getsockname()[1]}/fcv"
        with database_app(make_settings(DATABASE_URL=url), serving=True).app_context():
            began = time.monotonic()
            for _ in range(20):
                with pytest.raises(DBAPIError), write_cursor():
                    pass
            assert time.monotonic() - began < 5 * postgresql.SECONDS_TO_CONNECT  # of 20 that would each wait


def test_a_writer_that_is_gone_holds_the_others_up_no_longer_than_they_wait(
    serving: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql.SERVING, "idle_in_transaction_session_timeout", "200ms")
    url = make_url(str(db.engine.url.set(drivername="postgresql")))
    arguments = connect_arguments(url, serving=True)
    gone = psycopg.connect(str(url), **arguments)
    gone.execute("SELECT pg_advisory_xact_lock(5502)")
    with serving.app_context(), write_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(5502)")
    with pytest.raises(psycopg.Error):
        gone.execute("SELECT 1")
    gone.close()


def test_a_server_that_takes_no_more_connections_is_used_by_those_that_are_open(serving: Flask) -> None:
    assert serving
    url = db.engine.url.set(drivername="postgresql")
    with psycopg.connect(str(url.set(database="postgres")), autocommit=True) as other, read_transaction() as held:
        held.scalar(text("SELECT 1"))
        other.execute(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'.encode())
        with pytest.raises(OperationalError):
            ask()
    assert [ask(), ask()] == [1, 1]


def test_what_the_url_says_itself_wins() -> None:
    url = make_url("postgresql://fcv@db/fcv?connect_timeout=7&options=-c%20work_mem%3D8MB")
    arguments = connect_arguments(url)
    assert "connect_timeout" not in arguments
    assert arguments["options"] == "-c TimeZone=UTC -c work_mem=8MB"
    assert connect_arguments(make_url("sqlite:///x")) == {}


def test_a_process_holds_no_more_connections_than_its_threads_and_the_watch_use(
    serving: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert serving
    with ExitStack() as all_at_once:
        for _ in range(3):
            all_at_once.enter_context(read_transaction())
        monkeypatch.setattr(db.engine.pool, "_timeout", 0.1)
        with pytest.raises(PoolTimeout), read_transaction():
            pass
