"""A run: whoever scores may break, and what was done stays done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fcv_api.bulk.checkpoint import Checkpoint
from fcv_api.bulk.part import Job, OtherVersion, score_part
from fcv_api.bulk.run import WorkerPool, put_together, score, write_parts
from fcv_api.bulk.worker_pools import processes
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.simulate import simulate
from fcv_api.wire.partition import SortOptions
from fcv_api.wire.stays import write_stays
from fcv_api.wire.table_file import TableFile, open_table


class Breaking(Executor):
    """Does some parts, and then is gone, as a process that was killed."""

    def __init__(self, good: int) -> None:
        self.good, self.done = good, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.done += 1
        if self.done > self.good:
            future.set_exception(BrokenPipeError("gone"))
        else:
            future.set_result(fn(*args))
        return future


@pytest.fixture
def table(tmp_path: Path) -> TableFile:
    write_stays(tmp_path / "in.parquet", tmp_path / "labels.csv", simulate(8, seed=2))
    return open_table(tmp_path / "in.parquet")


@pytest.fixture
def job(table: TableFile) -> Job:
    folder = SHIPPED_IN / SHIPPED
    manifest, flatbuffer = (folder / "manifest.json").read_bytes(), (folder / "model.tflite").read_bytes()
    rolling = True
    return Job(manifest, flatbuffer, rolling, ZoneInfo("America/Bogota"), table.dialect)


def partitioned(table: TableFile, output: Path) -> Checkpoint:
    checkpoint = Checkpoint(output, {})
    checkpoint.folder.mkdir()
    write_parts(table, checkpoint, SortOptions("100MB", checkpoint.folder / "sorting", 1, rows=1), lambda _share: None)
    return checkpoint


@pytest.mark.parametrize("good", [0, 1, 5, 8])
def test_what_was_scored_before_a_break_is_not_scored_again(
    table: TableFile, job: Job, tmp_path: Path, good: int
) -> None:
    whole, broken = (partitioned(table, tmp_path / name) for name in ("whole.parquet", "broken.parquet"))
    score(whole, job, processes(1), lambda _rows: None)
    with pytest.raises(BrokenPipeError) if good < 8 else nullcontext():
        score(broken, job, WorkerPool(lambda: nullcontext(Breaking(good)), 1), lambda _rows: None)
    again = Breaking(8)
    told: list[int] = []
    score(broken, job, WorkerPool(lambda: nullcontext(again), 3), told.append)
    assert (again.done, sum(told)) == (8 - good, sum(whole.rows()))
    assert list(broken.scores()) == list(whole.scores())


def test_an_output_counts_its_windows_and_leaves_nothing_else(table: TableFile, job: Job, tmp_path: Path) -> None:
    checkpoint = partitioned(table, tmp_path / "out.parquet")
    score(checkpoint, job, processes(1), lambda _rows: None)
    done = put_together(checkpoint, job, tmp_path / "out.parquet", {})
    assert done.windows > 8 * 50
    assert len(done.runtimes) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "labels.csv", "out.parquet"]


def test_a_worker_of_another_version_is_refused(table: TableFile, job: Job, tmp_path: Path) -> None:
    checkpoint = partitioned(table, tmp_path / "out.parquet")
    with pytest.raises(OtherVersion, match=r"A worker has version .* and this is 9.9.9"):
        score_part(replace(job, version="9.9.9"), checkpoint.part(0))
