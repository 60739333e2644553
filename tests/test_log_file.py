"""The log's file: for several processes, and for a rotation that renames it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from threading import Thread

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
