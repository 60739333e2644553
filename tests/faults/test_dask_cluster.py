"""Scoring on a Dask cluster: a scheduler and workers in processes of their own, as on other hosts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings
from pyarrow import parquet
from service import free_port

from fcv_api.bulk.checkpoint import Checkpoint
from fcv_api.cli import main
from fcv_api.settings import ROOT

QUIET = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a part of Dask, and kill it at the end."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, env=QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def cluster_of(count: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and workers of one thread each."""
    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = ("distributed.cli.dask_scheduler", "--host", address, "--no-dashboard", "--no-show")
    worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with ExitStack() as stack:
        stack.enter_context(started(*scheduler))
        yield address, [stack.enter_context(started(*worker)) for _ in range(count)]


@pytest.fixture
def stays(make_settings: MakeSettings, tmp_path: Path) -> Path:
    make_settings()
    export = tmp_path / "stays.parquet"
    score("simulate", "--patients", 30, export, tmp_path / "labels.csv")
    return export


def score(*arguments: object) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
    stays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    score("score", stays, "-o", here, "--rolling", "--processes", 1)
    done: list[int] = []
    keep = Checkpoint.keep_scores

    with cluster_of(2) as (address, workers):

        def keep_and_kill(checkpoint: Checkpoint, number: int, scores: bytes) -> None:
            keep(checkpoint, number, scores)
            done.append(number)
            if len(done) == 3:
                workers[0].send_signal(signal.SIGKILL)

        monkeypatch.setattr(Checkpoint, "keep_scores", keep_and_kill)
        score("score", stays, "-o", there, "--rolling", "--rows", 450, "--dask", address)
        assert workers[0].wait(5) == -signal.SIGKILL
        assert [each.poll() for each in workers[1:]] == [None]
    assert sorted(done) == list(range(len(done)))
    assert len(done) > 20
    assert parquet.read_table(there).equals(parquet.read_table(here))


def test_a_cluster_without_a_worker_is_named(stays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcv_api.bulk.cluster.PATIENCE", 3)
    with cluster_of(0) as (address, _):
        command = ["score", str(stays), "-o", str(tmp_path / "a.csv"), "--dask", address]
        result = CliRunner().invoke(main, command)
    assert (result.exit_code, f"The Dask scheduler at {address} has no worker." in result.output) == (1, True)
