"""One part of an export, scored: bytes in, bytes out, wherever it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any

import pyarrow as pa

from fcv_api import __version__
from fcv_api.bulk.assess import assess_each, assess_last
from fcv_api.domain.alerting import Alert, alerts_over
from fcv_api.domain.policy import Policy
from fcv_api.domain.scores import Scores
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.runtime import RUNTIME, LiteRtModel
from fcv_api.wire.arrow_cells import read_part
from fcv_api.wire.csv_rows import Dialect
from fcv_api.wire.score_table import table_of

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")
RUNTIME_KEY = b"runtime"
Table = Any
"""pyarrow ships no types."""


class OtherVersion(Exception):
    """A worker has another version of this program, whose answers may be others. The message says which."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every part. rolling: every window, and not only the last. zone: of times without an offset.

    policy: the text of one that is followed over each encounter; empty for none.
    """

    manifest: bytes
    flatbuffer: bytes = field(repr=False)
    rolling: bool
    zone: tzinfo
    dialect: Dialect
    policy: str = ""
    version: str = __version__


def score_part(job: Job, part: bytes) -> bytes:
    """Score the encounters of a part, in their order. Raises OtherVersion.

    It writes nothing, so it may be done again, by another process or on another host, after one was lost.
    """
    if job.version != __version__:
        raise OtherVersion(f"A worker has version {__version__}, and this is {job.version}: install one everywhere.")
    model = _model(job.manifest, job.flatbuffer)
    assess = assess_each if job.rolling else assess_last
    scores = [assess(each, model) for each in read_part(read_bytes(part), job.dialect, job.zone)]
    table = table_of(scores, str(model.identity), model.classes, _alerts(job, scores, model))
    return as_bytes(table.replace_schema_metadata({RUNTIME_KEY: RUNTIME}))


def _alerts(job: Job, scores: list[Scores], model: LiteRtModel) -> list[Alert | None] | None:
    """Return what each row's answer would say under the policy; None without one."""
    if not job.policy:
        return None
    policy = Policy.read(job.policy)
    return [alert for each in scores for alert in alerts_over(policy, each.assessments(model.classes))]


@lru_cache(maxsize=1)
def _model(manifest: bytes, flatbuffer: bytes) -> LiteRtModel:
    """Load the model once a process; each thread has its own interpreter."""
    return LiteRtModel(Artifact.from_bytes(manifest, flatbuffer, "the run"))


def as_bytes(table: Table) -> bytes:
    """Write a table as Arrow's stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=COMPRESSED) as writer:
        writer.write_table(table)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def read_bytes(stream: bytes) -> Table:
    """Read what `as_bytes` wrote."""
    return pa.ipc.open_stream(stream).read_all()
