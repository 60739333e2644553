"""The log's file: for several processes, and for a rotation that renames it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from threading import Thread

import pytest
from flask.testing import FlaskClient

from fcv_api import access_log


def lines(log_file: Path) -> list[str]:
    return log_file.read_text("utf-8").splitlines()


def test_the_file_is_for_its_owner_and_its_group(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        access_log.SharedLogFile(tmp_path / "app.log").close()
    finally:
        os.umask(before)
    assert (tmp_path / "app.log").stat().st_mode & 0o777 == 0o640


def test_a_second_process_appends(tmp_path: Path) -> None:
    for word in ("first", "second"):
        handler = access_log.SharedLogFile(tmp_path / "app.log")
        handler.emit(logging.makeLogRecord({"msg": word}))
        handler.close()
    assert (tmp_path / "app.log").read_text("utf-8") == "first\nsecond\n"


def test_rotation_by_rename_loses_no_line(log_file: Path) -> None:
    for number in range(30):
        if number in (10, 20):
            log_file.rename(log_file.with_name(f"app.log.{number}"))
        access_log.log.info("%s", number)
    files = [log_file.with_name("app.log.10"), log_file.with_name("app.log.20"), log_file]
    told = [line.rsplit(" , ")[-1] for file in files for line in lines(file)]
    assert told == [str(number) for number in range(30)]
    assert [len(lines(file)) for file in files] == [10, 10, 10]


def test_threads_that_write_while_the_file_is_renamed_lose_no_line(log_file: Path) -> None:
    def write(name: int) -> None:
        for number in range(300):
            access_log.log.info("%s-%s", name, number)

    threads = [Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for number in range(5):
        if log_file.exists():
            log_file.rename(log_file.with_name(f"app.log.{number}"))
    for thread in threads:
        thread.join()
    found = [line.rsplit(" , ")[-1] for file in log_file.parent.iterdir() for line in lines(file)]
    assert sorted(found) == sorted(f"{name}-{number}" for name in range(4) for number in range(300))


def test_a_file_that_cannot_be_opened_anew_takes_no_answer_along(
    http: FlaskClient, log_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where the disk is full when the log is rotated."""
    log_file.rename(log_file.with_name("app.log.1"))
    log_file.mkdir()
    assert [http.get("/health/live").status_code for _ in range(2)] == [200, 200]
    assert "IsADirectoryError" in capsys.readouterr().err
    log_file.rmdir()
    assert http.get("/health/live").status_code == 200
    assert len(lines(log_file)) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is always full, is Linux's")
def test_a_full_disk_when_the_log_is_rotated_takes_no_answer_along(http: FlaskClient, log_file: Path) -> None:
    handler = next(each for each in access_log.log.handlers if isinstance(each, access_log.SharedLogFile))
    assert handler.stream
    with Path("/dev/full").open("a") as full:
        os.dup2(full.fileno(), handler.stream.fileno())
    assert http.get("/health/live").status_code == 200  # its line waits in memory
    log_file.rename(log_file.with_name("app.log.1"))
    assert http.get("/health/live").status_code == 200
    with log_file.with_name("app.log.1").open("a") as roomy:
        os.dup2(roomy.fileno(), handler.stream.fileno())
    assert http.get("/health/live").status_code == 200
    assert lines(log_file.with_name("app.log.1"))
    assert len(lines(log_file)) == 1
