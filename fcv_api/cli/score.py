"""`fcv score`: a ward's history, or a whole network's, without a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from fcv_api import __version__
from fcv_api.app import database_app
from fcv_api.bulk.checkpoint import SORTING, Checkpoint, OtherRun
from fcv_api.bulk.part import Job, OtherVersion
from fcv_api.bulk.run import Done, put_together, write_parts
from fcv_api.bulk.run import score as score_parts
from fcv_api.bulk.worker_pools import NoCluster, processes
from fcv_api.cli.active import artifact_of
from fcv_api.cli.policy_files import read_policy
from fcv_api.domain.errors import UnusableExport
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact
from fcv_api.settings import Settings
from fcv_api.wire.files import check_suffix
from fcv_api.wire.partition import SortOptions
from fcv_api.wire.score_table import POLICY
from fcv_api.wire.table_file import TableFile, open_table

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # macOS has none
MEMORY = max(400, 200 * CORES)
"""MB. Sorted in more, an export is not partitioned sooner, and a large one takes more than a small one."""
PERCENT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"


@dataclass(frozen=True, slots=True)
class Means:
    """What a run may use. memory: of this machine, in MB, to partition in. rows: of a part. dask: a scheduler."""

    processes: int
    memory: int
    rows: int
    dask: str | None

    def worker_pool(self) -> Any:  # noqa: ANN401 - contextlib's own two types
        """Return who scores."""
        if not self.dask:
            return nullcontext(processes(self.processes))
        return import_module("fcv_api.bulk.cluster").cluster(self.dask)  # Dask takes a second to load


def score(
    export: Path,
    output: Path,
    rolling: bool,  # noqa: FBT001 - click's
    reference: str | None,
    policy: str | None,
    count: int | None,
    memory: int | None,
    rows: int,
    dask: str | None,
    restart: bool,  # noqa: FBT001 - click's
) -> None:
    settings = Settings.from_environment()
    _check(export, output, followed=policy is not None, rolling=rolling)
    followed = read_policy(settings.models_dir, policy) if policy else None
    file = open_table(export)
    with database_app(settings).app_context():
        artifact = artifact_of(settings, reference)
    trial.load(artifact, settings.log_dir)  # runs its golden windows
    text = followed.text if followed else ""
    job = Job(artifact.manifest.as_json(), artifact.flatbuffer, rolling, settings.timezone, file.dialect, text)
    checkpoint = Checkpoint(output, _asked(file, artifact, job))
    with _in_sentences(), checkpoint.locked():
        checkpoint.check(anew=restart)
        _run(file, checkpoint, job, Means(count or CORES, memory or MEMORY, rows, dask))
        about = _about(artifact) | ({POLICY: str(followed.policy)} if followed else {})
        done = put_together(checkpoint, job, output, about)
    _print_scored(done, artifact, output)


def _check(export: Path, output: Path, *, followed: bool, rolling: bool) -> None:
    """Raise UnusableExport or UsageError for what cannot be done with these."""
    check_suffix(output)
    if output.resolve() == export.resolve():
        raise UnusableExport(f"{output} cannot be both the input and the output.")
    if followed and not rolling:
        raise click.UsageError("--policy follows an encounter from window to window: it needs --rolling.")


def _run(file: TableFile, checkpoint: Checkpoint, job: Job, means: Means) -> None:
    """Part and score, showing how far it is."""
    if not checkpoint.is_partitioned:
        with tqdm(total=file.source.rows, desc="Partitioning by encounter", bar_format=PERCENT) as bar:
            options = SortOptions(f"{means.memory}MB", checkpoint.folder / SORTING, CORES, means.rows)
            write_parts(file, checkpoint, options, lambda rows: bar.update(min(rows, bar.total) - bar.n))
    rows = sum(checkpoint.rows())
    with means.worker_pool() as pool, tqdm(total=rows, desc="Scoring", unit="row", unit_scale=True) as bar:
        score_parts(checkpoint, job, pool, bar.update)


def _asked(file: TableFile, artifact: Artifact, job: Job) -> dict[str, Any]:
    """Return what the run is about: an unfinished one of anything else is not gone on with."""
    stat = file.path.stat()
    return {
        "input": [str(file.path.resolve()), stat.st_size, stat.st_mtime_ns],
        "model": [str(artifact.manifest.identity), artifact.manifest.sha256],
        "--rolling": job.rolling,
        "--policy": job.policy,
        "timezone": str(job.zone),
        "version": __version__,
    }


def _about(artifact: Artifact) -> dict[str, str]:
    """Return what a Parquet file says of what made it."""
    identity = artifact.manifest.identity
    return {"fcv_model": str(identity), "fcv_model_sha256": identity.sha256, "fcv_version": __version__}


@contextmanager
def _in_sentences() -> Iterator[None]:
    """End what a user can mend with one sentence."""
    again = "The same command goes on where it ended."
    try:
        yield
    except OtherRun as error:
        raise click.ClickException(str(error)) from None
    except (OtherVersion, NoCluster) as error:
        raise click.ClickException(f"{error} {again}") from None
    except BrokenExecutor:
        raise click.ClickException(f"A process that scored was killed. {again}") from None
    except KeyboardInterrupt:
        raise click.ClickException(f"Interrupted. {again}") from None


def _print_scored(done: Done, artifact: Artifact, output: Path) -> None:
    click.echo(
        f"Wrote {done.windows} rows to {output}: {done.windows - done.refused} scored by {artifact.manifest.identity}, "
        f"{done.refused} with a problem."
    )
    if len(done.runtimes) > 1:
        click.echo(f"The last bits may differ: computed by {'; '.join(sorted(done.runtimes))}.", err=True)
