"""One run: part, score, put together; from wherever an earlier one ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from fcv_api.bulk.checkpoint import Checkpoint
from fcv_api.bulk.part import RUNTIME_KEY, Job, as_bytes, read_bytes, score_part
from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.files import replaced
from fcv_api.wire.partition import SortOptions, partition
from fcv_api.wire.score_table import write_scores
from fcv_api.wire.table_file import TableFile

OnProgress = Callable[[int], None]
"""Is called with a number of rows."""


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """Who scores. open: starts an executor, and ends it. at_once: how many parts it is given at a time."""

    open: Callable[[], AbstractContextManager[Executor]]
    at_once: int


@dataclass(frozen=True, slots=True)
class Done:
    """windows: all that the output holds. refused: those with a problem. runtimes: what computed them."""

    windows: int
    refused: int
    runtimes: frozenset[str]


def write_parts(file: TableFile, checkpoint: Checkpoint, options: SortOptions, on_progress: OnProgress) -> None:
    """Write the parts, and what the run is about. Raises UnusableExport, and leaves nothing then."""
    checkpoint.begin()
    parts = partition(file, options, on_progress)
    try:
        checkpoint.keep_parts((as_bytes(each), len(each)) for each in parts)
    except UnusableExport:
        checkpoint.remove()
        raise


def score(checkpoint: Checkpoint, job: Job, pool: WorkerPool, on_progress: OnProgress) -> None:
    """Score all parts that were not yet, a few at a time, and keep each as soon as it is there.

    on_progress: is called with how many rows more were scored.
    """
    rows = checkpoint.rows()
    todo = (number for number in range(len(rows)) if not checkpoint.is_scored(number))
    on_progress(sum(count for number, count in enumerate(rows) if checkpoint.is_scored(number)))
    first = list(islice(todo, pool.at_once))
    if not first:
        return
    with pool.open() as executor:
        waiting = {executor.submit(score_part, job, checkpoint.part(number)): number for number in first}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                number = waiting.pop(future)
                checkpoint.keep_scores(number, future.result())
                on_progress(rows[number])
                for following in islice(todo, 1):
                    waiting[executor.submit(score_part, job, checkpoint.part(following))] = following


def put_together(checkpoint: Checkpoint, job: Job, output: Path, about: dict[str, str]) -> Done:
    """Write the output, by ascending encounter and then by time, and leave nothing else.

    about: what a Parquet file says of itself.
    """
    windows = refused = 0
    runtimes = set()

    def tables() -> Iterator[Any]:
        nonlocal windows, refused
        for scores in checkpoint.scores():
            table = read_bytes(scores)
            windows, refused = windows + len(table), refused + len(table) - table["error"].null_count
            runtimes.add(table.schema.metadata[RUNTIME_KEY].decode())
            yield table.replace_schema_metadata()

    with replaced(output) as unfinished:
        write_scores(unfinished, tables(), job.dialect, about)
    checkpoint.remove()
    return Done(windows, refused, frozenset(runtimes))
