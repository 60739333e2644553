"""A worker's slot: one live worker each, and counts that never fall."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import values

from fcv_api.metrics import slots
from fcv_api.settings import ROOT

TAKERS = Path(__file__).with_name("slot_takers.py")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what came of workers that were killed and started again 50 times, while they counted."""
    folder = tmp_path_factory.mktemp("slots") / "counts"
    done = subprocess.run(
        [sys.executable, TAKERS, folder],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_workers_that_live_at_one_moment_have_different_slots(seen: dict[str, Any]) -> None:
    assert seen["first"] == [0, 1, 2]
    assert seen["kept"]


def test_a_worker_takes_the_slot_of_its_predecessor(seen: dict[str, Any]) -> None:
    assert {each["slot"] for each in seen["seen"]} == {0}


def test_the_files_are_the_same_after_fifty_restarts(seen: dict[str, Any]) -> None:
    files = [each["files"] for each in seen["seen"]]
    assert len(files) == 50
    assert all(each == files[0] for each in files)
    assert len(files[0]) == 9  # of three slots, each with a lock and two files


def test_no_count_falls_when_a_worker_dies_and_each_scrape_is_whole(seen: dict[str, Any]) -> None:
    scrapes = [scrape for each in seen["seen"] for scrape in (each["before"], each["after"])]
    for name in ("fcv_requests_total", "fcv_request_seconds_count"):
        assert all(0 < one[name] <= other[name] for one, other in pairwise(scrapes))
    assert all(each["after"]["live"] == 2 for each in seen["seen"])


def test_the_folder_is_gone_with_the_last_worker(seen: dict[str, Any]) -> None:
    assert seen["cleared"]


@pytest.fixture
def own_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave this process's values where they are."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv(slots.FOLDER, "")


@pytest.mark.usefixtures("own_values")
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / "counts"
    folder.mkdir(mode=0o700)
    (folder / "counter_0.db").write_bytes(b"\xff" * slots.BYTES)
    os.close(slots.claim(folder).lock)
    assert (folder / "counter_0.db").read_bytes() == bytes(slots.BYTES)


@pytest.mark.usefixtures("own_values")
def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "counts"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="not a folder of this user's alone"):
        slots.claim(folder)
    with pytest.raises(PermissionError):
        slots.prepare(folder)
    assert folder.exists()


def test_instances_of_one_host_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = {slots.folder_of(tmp_path / log, bind) for log in ("a", "b") for bind in ("[::1]:1", "[::1]:2")}
    assert len(folders) == 4
