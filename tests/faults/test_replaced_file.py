"""SQLite's file removed or replaced while the service runs: no answer without its record, and readiness says why."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests
from service import Service, running

from fcv_api.wire.example import example_request

AT_ONCE, SECONDS_TO_NOTICE = 8, 10


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service whose database each test leaves as it was."""
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def token(service: Service, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Sign in, and record predictions, which each worker has seen; put the database back where it is gone."""
    token = signed_in(service)
    answers_again(service, token)
    time.sleep(2.2)  # each worker looks once a second
    whole = copy(service.folder / "fcv.db", tmp_path / "whole.db")
    yield token
    if 503 in statuses(service, token):
        put(whole, service.folder / "fcv.db")
        answers_again(service, token)


def statuses(service: Service, token: dict[str, str], times: int = AT_ONCE) -> set[int]:
    """Predict some times, each on a connection of its own, so that both workers answer."""
    url, body = f"{service.url}/predict", example_request()
    return {requests.post(url, json=body, headers=token, timeout=10).status_code for _ in range(times)}


def count(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        found: int = connection.execute("SELECT COUNT(*) FROM predictions").fetchone()[0]
        return found


def copy(file: Path, target: Path) -> Path:
    """Copy a database as it stands, with what is in its -wal."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as made:
        source.backup(made)
    return target


def put(new: Path, file: Path) -> None:
    """Replace a database's file, and leave nothing of the old one beside it."""
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    new.replace(file)


def readiness(service: Service, words: str) -> None:
    """Wait until both workers say why they are not ready."""
    deadline, said = time.monotonic() + SECONDS_TO_NOTICE, set[str]()
    while time.monotonic() < deadline:
        answers = [requests.get(f"{service.url}/health/ready", timeout=10) for _ in range(AT_ONCE)]
        said = {answer.json()["checks"]["database"]["detail"] for answer in answers}
        if all(words in each for each in said):
            assert {answer.status_code for answer in answers} == {503}
            return
        time.sleep(0.2)
    raise AssertionError(said)


def signed_in(service: Service) -> dict[str, str]:
    """Sign in, as soon as the worker that is asked has taken up its database."""
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while time.monotonic() < deadline:
        with suppress(KeyError):  # no token came
            return service.sign_in()
        time.sleep(0.2)
    raise AssertionError(service.log()[-2000:])


def answers_again(service: Service, token: dict[str, str]) -> None:
    deadline = time.monotonic() + SECONDS_TO_NOTICE
    while statuses(service, token) != {200}:
        assert time.monotonic() < deadline, service.log()[-2000:]
        time.sleep(0.2)


def test_a_file_that_was_removed_is_noticed_at_once_and_used_again_when_it_is_back(
    service: Service, token: dict[str, str]
) -> None:
    file = service.folder / "fcv.db"
    held = file.rename(service.folder / "elsewhere.db")
    assert statuses(service, token) == {503}
    readiness(service, "The database's file is not there.")
    assert not file.exists()
    held.rename(file)
    answers_again(service, token)
    assert service.fcv("ledger", "verify").returncode == 0


def test_an_older_copy_is_not_recorded_into_and_the_right_one_is(service: Service, token: dict[str, str]) -> None:
    file = service.folder / "fcv.db"
    older = copy(file, service.folder / "older.db")
    assert statuses(service, token) == {200}
    time.sleep(2.2)
    right = copy(file, service.folder / "right.db")
    before = count(older)
    put(older, file)
    assert statuses(service, token) == {503}
    readiness(service, "it lacks record")
    assert count(file) == before
    put(right, file)
    answers_again(service, token)


@pytest.mark.parametrize("beside", ["with the -wal of the one before", "alone"])
def test_an_empty_file_is_not_recorded_into(service: Service, token: dict[str, str], beside: str) -> None:
    file, new = service.folder / "fcv.db", service.folder / "new.db"
    new.touch()
    if beside == "alone":
        put(new, file)
    else:
        new.replace(file)
    assert statuses(service, token) == {503}
    readiness(service, "has no table" if beside == "alone" else "the -wal beside it belongs to the one before")
    assert file.stat().st_size == 0


def test_a_new_database_of_a_migration_is_not_taken_for_the_one_that_was_removed(
    service: Service, token: dict[str, str]
) -> None:
    for each in service.folder.glob("fcv.db*"):
        each.unlink()
    assert service.fcv("db", "upgrade").returncode == 0
    assert statuses(service, token) == {503}
    readiness(service, "as it was recorded")


def test_a_damaged_file_is_not_recorded_into(service: Service, token: dict[str, str]) -> None:
    file = service.folder / "fcv.db"
    damaged = copy(file, service.folder / "damaged.db")
    content = bytearray(damaged.read_bytes())
    content[8192:-4096] = os.urandom(len(content) - 8192 - 4096)
    damaged.write_bytes(content)
    put(damaged, file)
    assert statuses(service, token) == {503}
    readiness(service, "The database's file ")


def test_a_restore_is_taken_up_by_the_service_that_runs(service: Service, token: dict[str, str]) -> None:
    file, backup = service.folder / "fcv.db", str(service.folder / "backup.db")
    records = count(file)
    assert service.fcv("db", "backup", backup).returncode == 0
    assert statuses(service, token) == {200}
    time.sleep(2.2)
    for each in service.folder.glob("fcv.db*"):
        each.unlink()
    assert statuses(service, token) == {503}
    done = service.fcv("db", "restore", backup, "--yes")
    assert (done.returncode, f"{records} records, whole." in done.stdout) == (0, True), done.stderr
    answers_again(service, signed_in(service))
    assert statuses(service, token) == {401}
    assert count(file) > records
    assert service.fcv("ledger", "verify", "--log", str(service.folder / "heads.log")).returncode == 0
