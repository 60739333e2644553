"""Load a flatbuffer in a process of its own first: a malformed one ends the process that loads it.

A fitting sha256 says that the bytes are the manifest's, not that they are sound. What was loaded once with this runtime
on this processor is remembered, so that a usual start waits for no such process.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import subprocess
from pathlib import Path
from typing import Any

import orjson

from fcv_api.lstm import confined
from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.runtime import RUNTIME, LiteRtModel

CHILD = "fcv_api.lstm.trial_child"
SECONDS = 60
VERDICTS = "loaded-models"
"""A file with a line for each flatbuffer: its sha256, and what loaded it."""

log = logging.getLogger("fcv_api")
_loaded_here: set[str] = set()


def load(artifact: Artifact, folder: Path | None = None) -> LiteRtModel:
    """Load a model and run its golden windows, the first time in a process of its own. Raises ArtifactError.

    folder: where verdicts are kept between two starts. Where there is none, or nothing can be written to it, each
    process tries anew.
    """
    sha256 = hashlib.sha256(artifact.flatbuffer).hexdigest()
    verdict = f"{sha256} {RUNTIME}"
    if sha256 not in _loaded_here and verdict not in _verdicts(folder):
        _try_out(artifact)
        _remember(verdict, folder)
    model = LiteRtModel(artifact)
    _loaded_here.add(sha256)
    return model


def _verdicts(folder: Path | None) -> list[str]:
    try:
        return (folder / VERDICTS).read_text("utf-8").splitlines() if folder else []
    except (OSError, UnicodeDecodeError):
        return []


def _remember(verdict: str, folder: Path | None) -> None:
    if folder is not None and folder.is_dir():  # a folder made here would be this user's, and not the service's
        with contextlib.suppress(OSError), (folder / VERDICTS).open("a", encoding="utf-8") as file:
            file.write(f"{verdict}\n")


def _try_out(artifact: Artifact) -> None:
    """Load a model in a child. Raises ArtifactError when it cannot be loaded, or ends the child."""
    model, given = artifact.manifest.identity, artifact.manifest.as_json() + b"\0" + artifact.flatbuffer
    command, environment = confined.command(CHILD, confined.NOWHERE), confined.environment(confined.NOWHERE)
    try:
        child = subprocess.run(  # noqa: S603 - our own program
            command, input=given, capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ArtifactError(f"Model {model} was not loaded within {SECONDS} s, so it is not used.") from None
    said: dict[str, Any] = {}
    for line in child.stdout.splitlines():
        said |= orjson.loads(line)
    if "unconfined" in said:
        log.info("%s", confined.warning(said["unconfined"]))
    if "error" in said:
        raise ArtifactError(said["error"])
    if child.returncode or "loaded" not in said:
        raise ArtifactError(f"Model {model} ended the process that loaded it ({_cause(child)}), so it is not used.")


def _cause(child: subprocess.CompletedProcess[bytes]) -> str:
    if child.returncode < 0:
        return f"signal {-child.returncode}: its flatbuffer is malformed, or takes too much memory or time"
    last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return ": ".join([f"code {child.returncode}", *last])
